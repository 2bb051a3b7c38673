"""A user's own folders, blanks in names and odd labels included, through the whole pipeline."""

import numpy as np
import pytest
from PIL import Image

from sau.storage import manifest
from tests.workflow.project import make_project


def write_classes(folder, counts, size=16):
    random = np.random.default_rng(0)
    for level, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            shade = random.integers(80 * level, 80 * level + 60, (size, size, 3), dtype=np.uint8)
            Image.fromarray(shade).save(folder / name / f"{index} of {name}.png")


@pytest.mark.slow
def test_images_of_ones_own_as_they_are(tmp_path):
    project = make_project(tmp_path / "project")
    write_classes(tmp_path / "my real", {"it's dark": 20, "-grey": 12, "{light}": 8})
    write_classes(tmp_path / "my synthetic", {"it's dark": 1, "-grey": 10, "{light}": 14})
    (tmp_path / "my real" / "-grey" / "broken.png").write_bytes(b"not an image")
    folders = {
        "experiment__results": "my results",
        "experiment__imbalance_factors": ["as-is"],
        "experiment__rows": ["ce", "sau"],
        "dataset": {
            "source": "image-folder",
            "folder": str(tmp_path / "my real"),
            "test_per_class": 3,
        },
        "images": {
            "source": "imported",
            "folder": str(tmp_path / "my synthetic"),
            "shards": 2,
        },
        "scores": {"scorer": "none"},
        "filter": {"keep_fraction": 1.0},
        "subset": {"validation_fraction": 0.25},
        "complement": {"on_shortage": "underfill"},
        "training__runs__ce__label": "-CE | 100 %",
    }
    done = project.run(**folders)
    assert done.returncode == 0, done.stderr[-3000:]
    results = project.folder / "my results"
    place = "imbalance-as-is/data-seed-0"
    real, held = (results / "subset" / place / f"{n}.parquet" for n in ("real", "validation"))
    synthetic = results / "complement" / place / "synthetic.parquet"
    members = manifest.read([real, synthetic], "members").to_pandas()
    counts = members.groupby(["is_synthetic", "label"]).size().to_dict()
    names = manifest.read_metadata(results / "dataset/train.parquet")["provenance"]["class_names"]
    dark, grey, light = (names.index(n) for n in ("it's dark", "-grey", "{light}"))
    # The broken file is one of the three that the split gave to the test set; of the 17, 10 and 5
    # images that are left, 4, 2 and 1 are held out.
    assert counts == {(False, dark): 13, (False, grey): 8, (False, light): 4} | {
        (True, grey): 5,
        (True, light): 9,
    }
    labels = manifest.read(held, "members")["label"].to_pylist()
    assert [labels.count(label) for label in (dark, grey, light)] == [4, 2, 1]
    text = (results / "report" / "imbalance-as-is.md").read_text()
    assert "no scorer" in text.lower()
    assert "Validation images: 7 real images" in text
    assert "best epoch, chosen on validation images" in text
    assert project.planned(**folders) == {}
    (tmp_path / "my real" / "-grey" / "0 of -grey.png").unlink()
    assert "dataset" in project.planned(**folders)
