"""What the page says of each image, as JSON values."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sau.pipeline.gallery.decided import FAILED, MEASURES, RULE_COLUMNS
from sau.pipeline.gallery.thumbnail import thumbnail
from sau.sources.decode import UnreadableImageError

_UNSIGNED = 1 << 64


def records_of(
    chosen: pd.DataFrame, images: Mapping[str, Mapping[str, Any]], side: int
) -> tuple[list[dict[str, Any]], dict[int, list[str]]]:
    """Describe the chosen images, and make their pictures.

    Args:
        chosen: rows of `decided.real_images` and `decided.synthetic_images`.
        images: rows of the images manifests by id: image, prompt, seed, reason.
        side: pixels of a thumbnail's longer side.

    Returns: a record for each row in its order, without what is missing, and by label the data
        addresses of the pictures, to which `picture` of a record is the index.
    """
    records: list[dict[str, Any]] = []
    pictures: dict[int, list[str]] = {}
    for row in chosen.to_dict("records"):
        image = images[row["id"]]
        record = _record({str(key): value for key, value in row.items()}, image)
        encoded = (image["image"] or {}).get("bytes")
        try:
            made = thumbnail(encoded, side) if encoded else None
        except UnreadableImageError as error:
            made, record["failure"] = None, str(error)
        if made:
            of_class = pictures.setdefault(record["label"], [])
            record |= {"picture": len(of_class), "width": made.width, "height": made.height}
            of_class.append(made.source)
        elif "failure" not in record:
            record["failure"] = "no image"
        records.append(record)
    return records, pictures


def _record(row: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    record = {
        "id": row["id"],
        "label": int(row["label"]),
        "kind": row["kind"],
        "prompt": image["prompt"],
        # Beyond 2**53 a browser's numbers are no longer exact.
        "seed": None if image["seed"] is None else str(image["seed"]),
        "failure": image["reason"],
        "rank": _whole(row.get("rank")),
        "zero_shot": _whole(row.get("zero_shot")),
        "perceptual_hash": _hexadecimal(row.get("perceptual_hash")),
        **{name: _number(row.get(name)) for name in MEASURES},
        "reason": row.get("reason") if row["kind"] == "kept" else None,
        "rules": _rules(row) if row["kind"] == "rejected" else None,
    }
    return {key: value for key, value in record.items() if not _is_missing(value)}


def _rules(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the reason of each rule that rejects an image; `FAILED` has that of the decision."""
    found = {rule: row[name] for rule, name in RULE_COLUMNS.items() if not _is_missing(row[name])}
    return found or {FAILED: row["reason"]}


def _number(value: Any) -> float | None:
    """Round to what a float32 knows."""
    if _is_missing(value) or not math.isfinite(value):
        return None
    return float(f"{value:.7g}")


def _whole(value: Any) -> int | None:
    return None if _is_missing(value) else int(value)


def _hexadecimal(value: Any) -> str | None:
    return None if _is_missing(value) else f"{int(value) % _UNSIGNED:016x}"


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
