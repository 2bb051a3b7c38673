import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from sau import manifest
from sau.errors import UserError
from sau.images.generate import image_row
from sau.images.settings import ImagesSettings
from sau.images.shards import shard_bounds
from sau.images.stage import images


@pytest.fixture
def inputs(tmp_path):
    """Class names and seven prompts."""
    names = ["zero", "one"]
    empty = pa.Table.from_pylist([], schema=manifest.SCHEMAS["images"])
    manifest.write(tmp_path / "train.parquet", "images", empty, {"class_names": names})
    rows = [
        {
            "id": f"{i:04d}",
            "label": i % 2,
            "class_name": names[i % 2],
            "prompt": f"A photo of the digit {names[i % 2]}.",
            "source": "template",
        }
        for i in range(7)
    ]
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["prompts"])
    manifest.write(tmp_path / "prompts.parquet", "prompts", table, {})
    return tmp_path


def run(folder, shard=0, **settings):
    output = folder / f"shard-{shard}.parquet"
    settings = ImagesSettings(**{"steps": "3", "shards": 1, **settings})
    images(
        folder / "train.parquet",
        output,
        shard=shard,
        prompts=folder / "prompts.parquet",
        settings=settings,
    )
    return output


def pixels(path):
    rows = manifest.read(path, "images").to_pylist()
    return np.stack([np.asarray(Image.open(io.BytesIO(r["image"]["bytes"]))) for r in rows])


def test_one_row_for_each_prompt(inputs):
    rows = manifest.read(run(inputs), "images").to_pylist()
    assert [row["id"] for row in rows] == [f"synthetic/{i:04d}" for i in range(7)]
    assert {row["status"] for row in rows} == {"ok"}
    assert len({row["seed"] for row in rows}) == 7
    assert (rows[0]["width"], rows[0]["height"]) == (16, 16)


def test_the_same_call_gives_the_same_bytes(inputs):
    first = run(inputs).read_bytes()
    assert run(inputs).read_bytes() == first


def test_an_image_is_the_same_whatever_shard_and_batch_it_falls_in(inputs):
    whole = pixels(run(inputs)).astype(int)
    parts = np.concatenate(
        [pixels(run(inputs, shard, shards=3, batch_size=2)) for shard in range(3)]
    )
    # Sums of other batch sizes may round the other way: at most one grey level, in few pixels.
    difference = np.abs(whole - parts)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01


def test_shards_cover_all_rows_once():
    for rows in (0, 1, 7, 100):
        for shards in (1, 3, 9):
            bounds = [shard_bounds(rows, shard, shards) for shard in range(shards)]
            assert [i for start, stop in bounds for i in range(start, stop)] == list(range(rows))


def test_a_sample_that_is_not_finite_is_a_row_with_its_reason():
    prompt = {"id": "x", "label": 1, "prompt": "A one."}
    row = image_row(prompt, 3, None, None)
    assert (row["status"], row["reason"]) == ("failed", "the sample is not finite")
    table = pa.Table.from_pylist([row], schema=manifest.SCHEMAS["images"])
    assert table.to_pylist()[0]["image"] is None


def test_images_are_resized(inputs):
    assert pixels(run(inputs, image_size=8)).shape == (7, 8, 8, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "no/such/folder"}, "images.model: no folder no/such/folder"),
        ({"model": "."}, "does not load as GLIDE"),
        ({"device": "cuda"}, "no CUDA GPU"),
        ({"steps": "fsat27"}, "images.steps"),
        ({"steps": "2000"}, "images.steps"),
    ],
)
def test_generators_that_are_not_there(inputs, settings, message):
    with pytest.raises(UserError, match=message):
        run(inputs, **settings)


def test_a_shard_that_is_not_there(inputs):
    with pytest.raises(UserError, match="--shard: 1 must be from 0 to 0"):
        run(inputs, shard=1)
