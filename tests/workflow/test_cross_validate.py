"""`sau cross-validate` itself: every fold a whole run, and all test images in one table."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sau.storage import manifest
from tests.forked_jobs import job_python
from tests.workflow.test_image_folder import write_classes

COUNTS = {"dark": 9, "light": 5}


def cross_validate(folder: Path) -> subprocess.CompletedProcess[str]:
    words = ["cross-validate", "--config", "my.yaml", "--cores", "2"]
    return subprocess.run(
        [job_python(), "-m", "sau", *words], cwd=folder, capture_output=True, text=True
    )


@pytest.mark.slow
def test_each_image_is_a_test_image_once_and_what_is_done_stays(tmp_path: Path) -> None:
    write_classes(tmp_path / "images", COUNTS)
    config = {
        "experiment": {"imbalance_factors": ["as-is"], "seeds": [0], "results": "found"},
        "dataset": {
            "source": "image-folder",
            "folder": "images",
            "image_size": 16,
            "test_split": "folds",
            "folds": 2,
        },
        "training": {
            "backbone": "resnet8",
            "width": 4,
            "epochs": 1,
            "batch_size": 4,
            "crop_padding": 2,
            "cutout_size": 8,
            "runs": {"ce": {"label": "CE", "method": "cross_entropy", "data": "real"}},
        },
    }
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(config))
    done = cross_validate(tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    tests = [
        manifest.read(tmp_path / f"found/fold-{fold}/dataset/test.parquet", "images").to_pandas()
        for fold in range(2)
    ]
    ids = [identifier for table in tests for identifier in table.id]
    assert len(ids) == len(set(ids)) == sum(COUNTS.values())
    (row,) = pd.read_csv(tmp_path / "found/cross-validation.csv").to_dict("records")
    assert (row["label"], row["images"], row["seeds"]) == ("CE", sum(COUNTS.values()), 1)
    assert row["top1"] == pytest.approx(pooled_by_hand(tmp_path / "found"), abs=0.005)
    assert row["low"] <= row["top1"] <= row["high"]
    assert "14 images, 1 network for each" in done.stdout
    trained = sorted((tmp_path / "found").rglob("predictions.parquet"))
    times = [path.stat().st_mtime_ns for path in trained]
    assert len(trained) == 2
    again = cross_validate(tmp_path)
    assert again.returncode == 0, again.stderr[-3000:]
    assert [path.stat().st_mtime_ns for path in trained] == times


def pooled_by_hand(results: Path) -> float:
    """Return the share of all test images whose class was found, after the last epoch."""
    files = list(results.rglob("predictions.parquet"))
    rows = [row for file in files for row in manifest.read(file, "predictions").to_pylist()]
    hits = [row["label"] == row["predicted"] for row in rows if row["selection"] == "last"]
    return 100 * sum(hits) / len(hits)
