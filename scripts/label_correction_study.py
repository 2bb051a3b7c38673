"""Rows of SAU with other rules of label correction, trained with labels swapped in known shares.

Reads what `sau run` has left of configs/digits-resnet8.yaml, up to the filter, and writes two CSV
files: a line for each run, and one for each run, epoch and class. Runs that stand there already are
left out, so that a killed study goes on. Rows are compared by validation images: the real training
images that no long tail of it takes.

    python -m scripts.label_correction_study results/digits-resnet8 study --swap 0.2 --seeds 0 1 2
"""

import argparse
import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc
import torch
import yaml
from PIL import Image

import sau
from sau.longtail.complement import complement_counts, draw_complement
from sau.longtail.counts import cap_imbalance_factor, long_tailed_counts, sample_long_tail
from sau.longtail.swapped import swap_labels
from sau.storage import manifest
from sau.storage.files import atomic_path

FACTOR = 100
OFF: dict[str, Any] = {"label_correction": "off"}
SIMILAR: dict[str, Any] = {"label_correction": "similarity"}
STANDARD: dict[str, Any] = SIMILAR | {"standardise": "per_class", "nearest_per_class": 5}
CLASSIFIER: dict[str, Any] = {"label_correction": "classifier"}

ROWS: dict[str, dict[str, Any]] = {
    "paper": {},
    "off": OFF,
    "prototypes_of_124": {"search_scope": "prototypes", "prototype_images": 124},
    "off_of_124": OFF | {"prototype_images": 124},
    "frequency": SIMILAR | {"frequency_tau": 0.1},
    "standardised": STANDARD,
    "standardised_budget": STANDARD | {"noise_budget": 0.2},
    "classifier": CLASSIFIER,
    "classifier_budget": CLASSIFIER | {"noise_budget": 0.2},
    "classifier_budget_40": CLASSIFIER | {"noise_budget": 0.4},
    "classifier_soft": CLASSIFIER | {"verdict": "soft", "verdict_temperature": 1.0},
}
"""Options of SAU beside the paper's, by the name of a row; each was run for the published table."""


class Data(NamedTuple):
    """Images uint8 (N, 3, H, W), labels int64 (N,), and scores of the synthetic ones."""

    train: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    is_synthetic: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float32]
    test: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
    validation: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
    classes: int


def read_data(results: Path) -> Data:
    """Read the images of a results folder, and make the long tail and its complement."""
    real, labels, _ = read_images([results / "dataset" / "train.parquet"])
    test, test_labels, _ = read_images([results / "dataset" / "test.parquet"])
    made, made_labels, ids = read_images(sorted((results / "images").glob("shard-*.parquet")))
    kept = manifest.read(
        results / "filter" / "kept.parquet", "kept", columns=["id", "score", "kept"]
    )
    kept = kept.filter(pc.field("kept"))
    score = dict(zip(kept["id"].to_pylist(), kept["score"].to_pylist(), strict=True))
    stays = np.array([name in score for name in ids])
    made, made_labels = made[stays], made_labels[stays]
    scores = np.array([score[name] for name in ids if name in score], dtype=np.float32)

    classes = int(labels.max()) + 1
    largest = int(np.bincount(labels).min())
    factor = cap_imbalance_factor(largest, classes, FACTOR)
    counts = long_tailed_counts(largest, classes, factor)
    tail = sample_long_tail(labels, counts, protocol="choice", seed=0)
    fill = draw_complement(made_labels, complement_counts(counts), 0)
    others = np.setdiff1d(np.arange(len(labels)), tail)
    return Data(
        train=np.concatenate([real[tail], made[fill]]),
        labels=np.concatenate([labels[tail], made_labels[fill]]),
        is_synthetic=np.arange(len(tail) + len(fill)) >= len(tail),
        scores=np.concatenate([np.full(len(tail), np.nan, np.float32), scores[fill]]),
        test=(test, test_labels),
        validation=(real[others], labels[others]),
        classes=classes,
    )


def read_images(
    paths: Sequence[Path],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], list[str]]:
    """Read the images of manifests, their labels and their ids."""
    table = manifest.read(paths, "images", columns=["id", "image", "label", "status"])
    table = table.filter(pc.field("status") == "ok")
    pixels = [
        np.array(Image.open(io.BytesIO(image["bytes"])).convert("RGB")).transpose(2, 0, 1)
        for image in table["image"].to_pylist()
    ]
    return np.stack(pixels), table["label"].to_numpy().astype(np.int64), table["id"].to_pylist()


def swapped(data: Data, share: float) -> npt.NDArray[np.int64]:
    """Return the labels with a share of each class's synthetic images swapped."""
    labels = data.labels.copy()
    labels[data.is_synthetic] = swap_labels(labels[data.is_synthetic], share, 0)
    return labels


def train_row(
    data: Data, settings: dict[str, Any], row: str, share: float, seed: int
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Train a row once; return its figures, and its tallies by epoch and class."""
    start = time.perf_counter()
    result = sau.train(
        torch.from_numpy(data.train),
        torch.from_numpy(swapped(data, share)),
        is_synthetic=torch.from_numpy(data.is_synthetic),
        scores=torch.from_numpy(data.scores),
        true_labels=torch.from_numpy(data.labels),
        test=tuple(map(torch.from_numpy, data.test)),  # type: ignore[arg-type]
        validation=tuple(map(torch.from_numpy, data.validation)),  # type: ignore[arg-type]
        classes=data.classes,
        method="sau",
        options=ROWS[row],
        seed=seed,
        **settings,
    )
    last = max(result.history["test/top1"])
    figures = {
        "row": row,
        "swapped": share,
        "seed": seed,
        "validation": round(result.history["validation/top1"][last], 4),
        "test": round(result.history["test/top1"][last], 4),
        "seconds": round(time.perf_counter() - start, 1),
    }
    return figures, pd.DataFrame(result.label_correction)


def main(words: Sequence[str] | None = None) -> None:
    """Train what is missing, the first seed of all rows first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--swap", type=float, nargs="+", default=[0.0, 0.2, 0.4])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--config", type=Path, default=Path("configs/digits-resnet8.yaml"))
    arguments = parser.parse_args(words)
    settings = yaml.safe_load(arguments.config.read_text())["training"]
    del settings["runs"]
    settings["evaluate_every"] = settings["epochs"]
    data = read_data(arguments.results)
    arguments.output.mkdir(parents=True, exist_ok=True)
    runs, tallies = (arguments.output / f"{name}.csv" for name in ("runs", "noise"))
    for seed in arguments.seeds:
        for share in arguments.swap:
            for row in arguments.rows:
                if not _is_there(runs, row, share, seed):
                    figures, counts = train_row(data, settings, row, share, seed)
                    keys = {name: figures[name] for name in ("row", "swapped", "seed")}
                    _append(tallies, counts.assign(**keys), keys)
                    _append(runs, pd.DataFrame([figures]), keys)
                    print(figures, flush=True)


def _is_there(path: Path, row: str, share: float, seed: int) -> bool:
    if not path.exists():
        return False
    table = pd.read_csv(path)
    found = (table["row"] == row) & (table["swapped"] == share) & (table["seed"] == seed)
    return bool(found.any())


def _append(path: Path, rows: pd.DataFrame, keys: dict[str, Any]) -> None:
    """Add rows in place of those with the same keys, which a killed study has left."""
    if path.exists():
        table = pd.read_csv(path)
        same = np.logical_and.reduce([table[name] == value for name, value in keys.items()])
        rows = pd.concat([table[~same], rows], ignore_index=True) if len(rows) else table[~same]
    with atomic_path(path) as temporary:
        rows.to_csv(temporary, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
