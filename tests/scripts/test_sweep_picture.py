"""The picture of several runs: which pictures it shows, and where."""

from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

from sau.core.errors import UserError
from sau.sources.decode import encode_png
from sau.storage import manifest
from scripts.sweep_picture import SHOWN, draw, montage, panel_of


def write(path: Path, greys: dict[str, tuple[int, int]]) -> Path:
    """Write an images manifest of grey pictures: label and grey by id; below 0 one that failed."""
    rows = []
    for name, (label, grey) in greys.items():
        picture = Image.new("RGB", (3, 2), (max(grey, 0),) * 3)
        row = {"id": name, "label": label, "width": 3, "height": 2}
        row["status"] = "ok" if grey >= 0 else "failed"
        rows.append(row | {"image": {"bytes": encode_png(picture), "path": None}})
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
    manifest.write(path, "images", table, {"class_names": ["a", "b"]})
    return path


def test_first_pictures_of_each_class_stand_in_its_row(tmp_path: Path) -> None:
    many = {f"a/{number:02d}": (0, number) for number in range(SHOWN + 3)}
    first = write(tmp_path / "shard-0.parquet", {"b/1": (1, 200), **many, "b/0": (1, -1)})
    second = write(tmp_path / "shard-1.parquet", {"b/2": (1, 210)})
    panel = panel_of("run", [first, second])
    assert [[int(one[0, 0, 0]) for one in own] for own in panel.classes] == [
        list(range(SHOWN)),
        [200, 210],
    ]
    found = montage(panel.classes)
    assert found.shape == (2 * 2 + 1, SHOWN * 3 + SHOWN - 1, 3)
    assert found[0, 4, 0] == 1
    assert found[3, 0, 0] == 200
    assert found[3, 4, 0] == 210
    assert (found[3, 8:] == 255).all()
    assert [axes.get_title() for axes in draw([panel]).axes] == ["run", "", "", ""]


def test_run_without_images_is_refused() -> None:
    with pytest.raises(UserError, match="run: no images; run it first"):
        panel_of("run", [])
