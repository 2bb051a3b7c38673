"""The plain script decides as the stages do, so that their times can be compared."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.curation import FILTER, LIMITS, Task
from benchmarks.curation_data import write_tables
from benchmarks.reference.curation import curate
from sau.storage import manifest
from sau.storage.manifest.schemas import FILTER_RULES

CLASSES, LARGEST, FACTOR = 4, 50, 5.0


def test_plain_script_keeps_the_same_images_for_the_same_rules(tmp_path: Path) -> None:
    write_tables(tmp_path, CLASSES, per_class=80, tests=30)
    task = Task(tmp_path, LARGEST, FACTOR)
    task.run_stages()
    kept = manifest.read(task.path("kept"), "kept").to_pandas()
    found = curate(tmp_path, tmp_path, LIMITS, CLASSES, LARGEST, FACTOR)
    assert found == kept.loc[kept["kept"], "id"].tolist()
    plain = pd.read_parquet(tmp_path / "reference-kept.parquet").set_index("id")
    for rule in set(FILTER_RULES) & set(plain.columns):
        rejected = plain.index[plain[rule].notna()]
        assert sorted(rejected) == sorted(kept.loc[kept[rule].notna(), "id"]), rule
    rules = {rule for rule in FILTER_RULES if kept[rule].notna().any()}
    assert {"leak", "threshold", "zero_shot", "margin", "top_fraction"} <= rules
    assert FILTER.leak == "drop"


def test_curations_cut_and_fill_the_same_counts(tmp_path: Path) -> None:
    write_tables(tmp_path, CLASSES, per_class=80, tests=30)
    task = Task(tmp_path, LARGEST, FACTOR)
    task.run_stages()
    curate(tmp_path, tmp_path, LIMITS, CLASSES, LARGEST, FACTOR)
    for name in ("real", "synthetic"):
        stage = manifest.read(task.path(name), "members")["label"].to_numpy()
        plain = pd.read_parquet(tmp_path / f"reference-{name}.parquet")["label"]
        assert np.bincount(stage).tolist() == np.bincount(plain).tolist()
