"""Pictures that were drawn before are drawn no second time, whatever else is asked for now."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sau.assets.shipped import model_folder
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.stage import images
from sau.pipeline.prompts.settings import PromptsSettings
from sau.pipeline.prompts.stage import prompts
from sau.storage import manifest
from tests.pipeline.images.quick import Quick

NAMES = ["cat", "dog", "ship"]
EACH = 10

Pictures = dict[tuple[str, str], bytes]
"""Encoded bytes by the name of the class and the image's id."""


class Drawing:
    """A folder in which prompts are written and images drawn, as Snakemake would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def draw(
        self, names: Sequence[str], each: int = EACH, shards: int = 3, **settings: Any
    ) -> tuple[Pictures, int]:
        """Draw for these classes; return all pictures, and how many were drawn for that."""
        train, texts = self.folder / "train.parquet", self.folder / "prompts.parquet"
        nothing = manifest.SCHEMAS["images"].empty_table()
        manifest.write(train, "images", nothing, {"class_names": list(names)})
        prompts(train, texts, settings=PromptsSettings(per_class=each))
        before = sum(Quick.sizes)
        drawn: Pictures = {}
        outputs = [self.folder / f"shard-{shard}.parquet" for shard in range(shards)]
        for shard, output in enumerate(outputs):
            output.unlink(missing_ok=True)
            images(
                train,
                output,
                shard=shard,
                prompts=texts,
                settings=ImagesSettings(source="glide", steps="3", shards=shards, **settings),
            )
        for row in manifest.read(outputs, "images").to_pylist():
            drawn[names[row["label"]], row["id"]] = row["image"]["bytes"]
        assert len(drawn) == len(names) * each
        return drawn, sum(Quick.sizes) - before


@pytest.fixture
def drawing(quick: object, tmp_path: Path) -> Drawing:
    """With a generator that needs no time."""
    (tmp_path / "drawing").mkdir()
    return Drawing(tmp_path / "drawing")


def test_new_class_is_drawn_alone(drawing: Drawing) -> None:
    first, _ = drawing.draw(NAMES)
    then, drawn = drawing.draw(["aardvark", *NAMES])
    assert drawn == EACH
    assert {key: then[key] for key in first} == first


def test_file_is_the_same_whether_its_pictures_were_there_or_not(drawing: Drawing) -> None:
    drawing.draw(NAMES)
    drawing.draw(["aardvark", *NAMES])
    (drawing.folder / "afresh").mkdir()
    afresh = Drawing(drawing.folder / "afresh")
    afresh.draw(["aardvark", *NAMES])
    for shard in range(3):
        files = [one.folder / f"shard-{shard}.parquet" for one in (drawing, afresh)]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_renamed_class_is_drawn_alone(drawing: Drawing) -> None:
    first, _ = drawing.draw(NAMES)
    then, drawn = drawing.draw(["cat", "hound", "ship"])
    assert drawn == EACH
    assert {key: then[key] for key in first if key[0] != "dog"}.items() <= first.items()


def test_class_that_moves_is_not_drawn(drawing: Drawing) -> None:
    first, _ = drawing.draw(NAMES)
    then, drawn = drawing.draw(["ship", "cat", "dog"])
    assert (then, drawn) == (first, 0)


def test_more_pictures_of_a_class_are_drawn_alone_and_fewer_not_at_all(drawing: Drawing) -> None:
    first, _ = drawing.draw(NAMES)
    more, drawn = drawing.draw(NAMES, EACH + 4)
    assert drawn == len(NAMES) * 4
    assert first.items() <= more.items()
    fewer, drawn = drawing.draw(NAMES, EACH - 3)
    assert drawn == 0
    assert fewer.items() <= first.items()


def test_fewer_shards_draw_nothing(drawing: Drawing) -> None:
    first, _ = drawing.draw(NAMES, shards=4)
    then, drawn = drawing.draw(NAMES, shards=2)
    assert (then, drawn) == (first, 0)


def test_what_a_picture_depends_on_draws_it_again(drawing: Drawing) -> None:
    first, total = drawing.draw(NAMES)
    for change in ({"guidance_scale": 2.0}, {"seed": 5}, {"image_size": 8}):
        then, drawn = drawing.draw(NAMES, **change)
        assert drawn == total
        assert then != first


def test_model_of_another_name_draws_nothing_and_of_another_content_all(drawing: Drawing) -> None:
    first, _ = drawing.draw(NAMES)
    copied = shutil.copytree(model_folder("tiny-glide", "model"), drawing.folder / "copied")
    then, drawn = drawing.draw(NAMES, model=str(copied))
    assert (then, drawn) == (first, 0)
    scheduler = copied / "scheduler" / "scheduler_config.json"
    scheduler.write_text(scheduler.read_text() + " ")
    assert drawing.draw(NAMES, model=str(copied))[1] == len(first)


def test_class_with_a_generator_of_its_own_is_drawn_alone(drawing: Drawing) -> None:
    first, _ = drawing.draw(NAMES)
    then, drawn = drawing.draw(NAMES, per_class={"dog": {"guidance_scale": 5.0}})
    assert drawn == EACH
    assert {key for key in first if then[key] != first[key]} == {k for k in first if k[0] == "dog"}


def test_classes_of_one_name_have_pictures_of_their_own(drawing: Drawing) -> None:
    _, drawn = drawing.draw(["crane", "cat", "crane"])
    assert drawn == 3 * EACH


def test_damaged_earlier_shard_is_passed_over(drawing: Drawing) -> None:
    first, total = drawing.draw(NAMES, shards=1)
    (drawing.folder / "shard-0.reuse" / "shard").write_bytes(b"no table")
    then, drawn = drawing.draw(["aardvark", *NAMES], shards=1)
    assert drawn == total + EACH
    assert first.items() <= then.items()


def test_batches_of_a_killed_shard_are_of_use_after_a_class_came_in(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="killed"):
        patch.setattr(Quick, "most", len(Quick.sizes) + 2)
        drawing.draw(NAMES, shards=1, batch_size=4)
    there = 2 * 4
    then, drawn = drawing.draw(["aardvark", *NAMES], shards=1, batch_size=4)
    assert drawn == (len(NAMES) + 1) * EACH - there
    monkeypatch.setattr(Quick, "most", 10_000)
    (drawing.folder / "afresh").mkdir()
    assert Drawing(drawing.folder / "afresh").draw(["aardvark", *NAMES], shards=1)[0] == then


def test_shards_have_a_fair_share_of_every_class(drawing: Drawing) -> None:
    drawing.draw(["a", "b", "c", "d", "e"], each=7, shards=3)
    for shard in range(3):
        labels = manifest.read(drawing.folder / f"shard-{shard}.parquet", "images")["label"]
        counts = pa.compute.value_counts(labels).to_pylist()
        assert [count["counts"] in (2, 3) for count in counts] == [True] * 5
