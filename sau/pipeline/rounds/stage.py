"""The rounds stage: what a round of generation draws of each class."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.rounds.counts import images_to_draw, needed_images
from sau.pipeline.rounds.settings import RoundsSettings
from sau.storage import manifest
from sau.storage.belonging import Agree, check_inputs
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

SHOWN = 20
"""Classes that the log names."""

BELONGING = (Agree(("class_names",), ("real", "kept")),)

log = logging.getLogger(__name__)


@writes("output")
def rounds(
    real: list[Path],
    output: Path,
    *,
    kept: Path | None = None,
    need: list[Path] | None = None,
    settings: RoundsSettings,
) -> None:
    """Count the images that a round of generation draws of each class.

    Args:
        real: manifests of the real training images of the longest tails; a class needs the most
            that it lacks in any of them.
        output: manifest of draws, one row for each class.
        kept: manifest of the kept images of the rounds before; none before the first.
        need: folders of trained networks by whose validation images the tails are filled, as
            `complement.need`; none: each class is filled up to the largest.
        settings: the section `rounds`.

    Raises:
        UserError: no over-generation is set, or real members that no subset stage wrote, or
            images of other classes.
    """
    if settings.over_generation is None:
        raise UserError("rounds.over_generation: null, so there are no rounds; set it, such as 1.3")
    inputs = {"real": real} | ({"kept": [kept]} if kept else {})
    check_inputs(inputs, *BELONGING)
    facts = [manifest.read_facts(path, "members", "class_names", "real_counts") for path in real]
    names = facts[0]["class_names"]
    tails = [fact["real_counts"] for fact in facts]
    validated, by_need = _validated(need or [], real[0], names)
    needed = needed_images(tails, validated)
    before, so_far = _drawn_and_kept(kept, names)
    draws = images_to_draw(needed, before, so_far, settings.over_generation)
    _report(names, needed, so_far, draws)
    columns = {"needed": needed, "before": before, "kept": so_far, "draws": draws}
    table = pa.table({"label": list(range(len(names))), **columns})
    made = provenance("rounds", settings, inputs, class_names=names, **by_need)
    manifest.write(output, "draws", table, made)


def _validated(
    need: list[Path], real: Path, class_names: list[str]
) -> tuple[tuple[list[int], list[int]] | None, dict[str, Any]]:
    """Return validation images of each class and those that are right, and facts of both."""
    if not need:
        return None, {}
    from sau.assets.trained_on import RealImages  # with PyTorch, which takes its time
    from sau.assets.validated import read_validated

    images = RealImages.of_members(real, class_names)
    found = read_validated([str(folder) for folder in need], images, "--need")
    return (found.images, found.right), {"need": found._asdict()}


def _drawn_and_kept(kept: Path | None, class_names: list[str]) -> tuple[list[int], list[int]]:
    """Return the images of each class that were drawn in the rounds before, and those kept."""
    if kept is None:
        return [0] * len(class_names), [0] * len(class_names)
    table = manifest.read(kept, "kept", columns=["label", "kept"])
    manifest.check_labels(kept, table["label"], class_names)
    labels = table["label"].to_numpy()
    is_kept = table["kept"].to_numpy().astype(bool)
    drawn = np.bincount(labels, minlength=len(class_names))
    return drawn.tolist(), np.bincount(labels[is_kept], minlength=len(class_names)).tolist()


def _report(names: list[str], needed: list[int], kept: list[int], draws: list[int]) -> None:
    missing = {
        name: want - got for name, want, got in zip(names, needed, kept, strict=True) if got < want
    }
    if not missing:
        log.info("no class lacks images; this round draws none")
        return
    shown = ", ".join(f"{name} {count}" for name, count in list(missing.items())[:SHOWN])
    log.info(
        "%d of %d classes lack images (%s%s); this round draws %d",
        len(missing),
        len(names),
        shown,
        ", ..." if len(missing) > SHOWN else "",
        sum(draws),
    )
