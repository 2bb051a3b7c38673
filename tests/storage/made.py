"""A small manifest of every kind, with rows that are believable."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sau.storage import manifest
from sau.storage.manifest.schemas import FIGURES, FILTER_RULES

CLASSES = ["cat", "dog", "ship"]
FACTS: dict[str, Any] = {
    "stage": "made",
    "class_names": CLASSES,
    "inputs": {"images": ["ab" * 32]},
    "settings": {"steps": 3},
    "seed": 1,
}


def _row(place: int) -> dict[str, Any]:
    """Return values for the columns of all kinds that are not rules' reasons."""
    failed = place == 3
    return {
        "id": f"synthetic/{place}",
        "label": place % 3,
        "class_name": CLASSES[place % 3],
        "prompt": f"A photo of a {CLASSES[place % 3]}.",
        "source": "template",
        "image": None if failed else {"bytes": bytes([place]) * (40 + place), "path": None},
        "seed": 2**40 + place,
        "width": None if failed else 4,
        "height": None if failed else 4,
        "status": "failed" if failed else "ok",
        "reason": "damaged" if failed else "kept",
        "needed": 5 + place,
        "before": 4 + place,
        "draws": place,
        "score": None if failed else place / 100,
        "class_score": 0.25,
        "zero_shot_probability": 0.5,
        "margin": -0.125,
        "embedding": None if failed else [0.5, -0.5, place / 16],
        "influence": 0.5 - place / 4,
        "perceptual_hash": -(2**62) + place,
        "brightness": 0.5,
        "contrast": 0.25,
        "sharpness": 0.01,
        "rank": 1 + place,
        "is_synthetic": place % 2 == 0,
        "selection": "last",
        "epoch": 1 + place,
        "predicted": 2 - place % 3,
        "confidence": 0.75,
        "label_probability": 0.25,
        "name": "loss/total",
        "value": 1 / (1 + place),
        "synthetic": 9,
        "noise": place,
        "split": "class",
        "train_real": 30 - place,
        "train_synthetic": place,
        "test_images": 10,
        **{f"{figure}_last": 9.0 + place for figure in FIGURES},
        **{f"{figure}_best_on_validation": None for figure in FIGURES},
        **{f"{figure}_best_on_test": 50.0 for figure in FIGURES},
    }


def table_of(kind: str, rows: int = 8) -> pa.Table:
    """Return a table of a kind; labels of kinds whose key they are stay below the classes."""
    rows = min(rows, 3) if kind in ("draws", "metrics") else rows
    made = [_row(place) for place in range(rows)]
    for place, row in enumerate(made):
        row |= {"kept": place, "zero_shot": place % 3}
        if kind == "kept":
            row |= {"kept": place % 2 == 0, **dict.fromkeys(FILTER_RULES)}
            row |= {"blurred": "too little sharpness"} if place % 2 else {}
    return pa.Table.from_pylist(made, manifest.SCHEMAS[kind])


def write_of_version(path: Path, kind: str, table: pa.Table, version: int) -> None:
    """Write a manifest that says it has another schema version."""
    manifest.write(path, kind, table, FACTS)
    written = pq.read_table(path)
    metadata = written.schema.metadata | {b"sau.schema_version": str(version).encode()}
    pq.write_table(written.replace_schema_metadata(metadata), path)


def write_each(folder: Path) -> dict[str, Path]:
    """Write a manifest of every kind, and return them by kind."""
    paths = {kind: folder / f"{kind}.parquet" for kind in manifest.SCHEMAS}
    for kind, path in paths.items():
        manifest.write(path, kind, table_of(kind), FACTS)
    return paths
