"""Imported and drawn images in one table, class by class."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sau.config import load
from sau.core.errors import UserError
from sau.pipeline.training.outputs import generators
from sau.storage import manifest
from tests.pipeline.images.conftest import Inputs
from tests.pipeline.images.quick import Quick


def write_pictures(folder: Path, count: int, shade: int = 0) -> str:
    """Write pictures of one colour each, and return their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.new("RGB", (4, 4), (shade, 10 * number, 0)).save(folder / f"{number}.png")
    return str(folder)


def rows(quick: Inputs, shards: int = 2, **settings: Any) -> list[dict[str, Any]]:
    """Run all shards, and return their rows by class, drawn ones first."""
    paths = [quick.run(shard, shards=shards, **settings) for shard in range(shards)]
    found: list[dict[str, Any]] = manifest.read(paths, "images").to_pylist()
    return sorted(found, key=lambda row: (row["label"], row["seed"] is None, row["id"]))


def kinds(found: list[dict[str, Any]]) -> dict[tuple[int, str], int]:
    """Count the rows by class, and by whether they were drawn or imported."""
    return dict(Counter((r["label"], "imported" if r["seed"] is None else "drawn") for r in found))


def test_classes_take_what_is_there_and_draw_what_is_lacking(quick: Inputs, tmp_path: Path) -> None:
    """Of class zero there are four prompts, of class one three."""
    whole = rows(quick)
    Quick.sizes.clear()
    write_pictures(tmp_path / "there" / "zero", 3)
    found = rows(quick, import_first=str(tmp_path / "there"))
    assert kinds(found) == {(0, "drawn"): 1, (0, "imported"): 3, (1, "drawn"): 3}
    assert sum(Quick.sizes) == 0, "what is drawn was drawn before"
    drawn = [row for row in found if row["seed"] is not None]
    assert all(row in whole for row in drawn)
    imported = [row["id"] for row in found if row["seed"] is None]
    assert imported == [f"synthetic/zero/{number}.png" for number in range(3)]


def test_class_with_more_images_than_prompts_has_all_and_draws_none(
    quick: Inputs, tmp_path: Path
) -> None:
    write_pictures(tmp_path / "there" / "one", 5)
    found = rows(quick, shards=3, import_first=str(tmp_path / "there"))
    assert kinds(found) == {(0, "drawn"): 4, (1, "imported"): 5}


def test_single_class_is_imported_from_a_folder_of_its_own(quick: Inputs, tmp_path: Path) -> None:
    own = write_pictures(tmp_path / "my ones", 2, shade=9)
    write_pictures(tmp_path / "there" / "zero", 1)
    write_pictures(tmp_path / "there" / "one", 1)
    one = {"one": {"source": "imported", "folder": own}}
    found = rows(quick, per_class=one, import_first=str(tmp_path / "there"))
    assert kinds(found) == {(0, "drawn"): 3, (0, "imported"): 1, (1, "imported"): 2}
    assert [row["id"] for row in found if row["label"]] == [
        "synthetic/one/0.png",
        "synthetic/one/1.png",
    ]


def test_changed_picture_is_imported_again_and_nothing_is_drawn(
    quick: Inputs, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    write_pictures(there / "zero", 2)
    first = rows(quick, import_first=str(there))
    Quick.sizes.clear()
    write_pictures(there / "zero", 2, shade=100)
    second = rows(quick, import_first=str(there))
    assert sum(Quick.sizes) == 0
    changed = [a["id"] for a, b in zip(first, second, strict=True) if a != b]
    assert changed == ["synthetic/zero/0.png", "synthetic/zero/1.png"]


def test_provenance_counts_what_was_imported(quick: Inputs, tmp_path: Path) -> None:
    write_pictures(tmp_path / "there" / "zero", 2)
    path = quick.run(import_first=str(tmp_path / "there"))
    made = manifest.read_metadata(path)["provenance"]
    assert made["imported_counts"] == {"zero": 2}
    assert len(made["imported_sha256"]) == 64


def test_record_of_a_network_names_the_generator_and_the_imports(
    quick: Inputs, tmp_path: Path
) -> None:
    """What a model card says of the images; here of two shards, as training reads them."""
    write_pictures(tmp_path / "there" / "zero", 2)
    paths = [quick.run(shard, shards=2, import_first=str(tmp_path / "there")) for shard in range(2)]
    drawn, imported = generators(paths)
    assert drawn["source"] == "glide"
    assert drawn["model"] == manifest.read_metadata(paths[0])["provenance"]["settings"]["model"]
    assert [len(digest) for digest in drawn["weights_sha256"]] == [64]
    assert imported == {"source": "imported", "model": None, "weights_sha256": []}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"import_first": "nowhere"}, "images.import_first: nowhere"),
        ({"import_first": "others"}, "wolf"),
        (
            {"per_class": {"one": {"source": "imported", "folder": "empty"}}},
            "images.per_class.one.folder: empty: no images found",
        ),
    ],
)
def test_folders_that_do_not_fit_are_refused(
    quick: Inputs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "others" / "wolf", 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        quick.run(**settings)


def test_rounds_draw_for_no_class_that_is_imported() -> None:
    rounds = {"rounds": {"over_generation": 1.5}, "dataset": {"source": "digits"}}
    images = {"source": "glide", "import_first": "there"}
    training = {"runs": {"ce": {"method": "cross_entropy"}}}
    with pytest.raises(UserError, match=r"1.5, but images.import_first: there are imported"):
        load({"experiment": {}, "images": images, "training": training, **rounds})
