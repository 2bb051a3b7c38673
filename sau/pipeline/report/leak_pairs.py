"""The synthetic images that are nearest to test images, each beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sau.pipeline.report.tiles import ClassSheet, Sheet, tile_of

CAPTION = (
    "Synthetic images beside the real test image that each is near, the nearest first, by each "
    "measure. If they are only of one kind, and not the same picture, the limit is too low for "
    "these images."
)


def pairs_of(leak: Mapping[str, Any], count: int) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the first pairs by each measure, with what the measure is called.

    Args:
        leak: the fact of this name, as the filter stage wrote it.
        count: of each measure.
    """
    return [
        (measure["name"], pair)
        for measure in leak.get("measures", [])
        for pair in measure.get("pairs", [])[:count]
    ]


def sheet(
    pairs: Sequence[tuple[str, Mapping[str, Any]]], images: Mapping[str, Mapping[str, Any]]
) -> Sheet | None:
    """Return the sheet of pairs; None where there are none.

    Args:
        pairs: what `pairs_of` returns.
        images: rows of the images manifests by id.
    """
    rows = []
    for name, pair in pairs:
        both = {
            kind: [tile_of(images.get(pair[kind], {}), pair[kind], "")]
            for kind in ("synthetic", "test")
        }
        near = pair["closeness"]  # of hashes the differing bits, negative so that more is nearer
        words = f"cosine {near:.3f}" if name == "embedding" else f"{-near:g} bits differ"
        rows.append(ClassSheet(words, both))
    headings = ["Measure", "Synthetic", "Test image"]
    return Sheet("Near test images", CAPTION, headings, rows) if rows else None
