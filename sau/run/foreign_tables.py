"""Finished tables of another run: they are used as they are, and that is said."""

import json
from collections.abc import Iterable
from pathlib import Path

from sau.core.errors import UserError
from sau.run.changed_settings import changed_settings
from sau.settings.section import Section
from sau.storage.manifest import read_metadata


def warning_of_other_settings(manifest: Path, settings: Section, stage: str) -> str:
    """Return in a line that a table which is not made again has other settings; or nothing.

    It was put there from another run, or Snakemake was told to leave it.

    Args:
        manifest: of the stage, be it there or not.
        settings: the stage's section of the configuration.
        stage: its name.
    """
    changed = ", ".join(changed_settings(manifest, settings))
    if not changed:
        return ""
    return (
        f"{manifest} was made with other settings of {stage} than the configuration has ({changed})"
        f", and is used as it is; make it again: --forcerun {stage}"
    )


def warning_of_other_networks(influence: Path, models: Iterable[Path]) -> str:
    """Return in a line that a table of influence is of other networks than this run's; or nothing.

    Args:
        influence: manifest of influence, be it there or not.
        models: folders of the networks, those of earlier epochs within them.
    """
    if not influence.exists():
        return ""
    try:
        asked = set(read_metadata(influence)["provenance"].get("networks", []))
    except UserError:  # who reads it says what is wrong
        return ""
    configs = [path for model in models for path in model.glob("**/config.json")]
    there = {json.loads(path.read_text(encoding="utf-8")).get("weights_sha256") for path in configs}
    if asked <= there:
        return ""
    return (
        f"{influence} is of other networks than those of this run, and is used as it is; make it "
        "again: --forcerun influence"
    )
