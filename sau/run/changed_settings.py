"""Which settings a finished table was made with, where the configuration has others."""

import json
from pathlib import Path
from typing import Any

from sau.core.errors import UserError
from sau.settings.section import Section, default_of
from sau.storage.manifest import read_metadata


def changed_settings(manifest: Path, settings: Section) -> list[str]:
    """Return how settings that affect the result differ from those that a manifest records.

    A setting that the manifest does not record, as it is newer, counts as its default. What is not
    there, cannot be read, or is of another schema version, is left to the stages.

    Args:
        manifest: written by the stage whose settings these are.
        settings: in the configuration.

    Returns: words such as `epochs: 14, now 20`, for each that differs.
    """
    if not manifest.exists():
        return []
    try:
        recorded = read_metadata(manifest)["provenance"].get("settings")
    except UserError:
        return []
    if recorded is None:  # made by hand
        return []
    now: dict[str, Any] = json.loads(json.dumps(settings.with_effect()))
    before = {key: recorded.get(key, default_of(type(settings), key)) for key in now}
    return [f"{key}: {before[key]}, now {now[key]}" for key in now if before[key] != now[key]]
