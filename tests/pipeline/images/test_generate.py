import io
import logging

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from sau.assets.shipped import model_folder
from sau.core.errors import UserError
from sau.glide.pipeline import GlidePipeline
from sau.pipeline.images.shards import shard_bounds
from sau.storage import manifest
from tests.pipeline.images.conftest import pixels
from tests.pipeline.images.tiny_upsampler import save_tiny_upsampler


def run(inputs, shard=0, **settings):
    return inputs.run(shard, **settings)


def pixels_of(rows):
    return np.stack([np.asarray(Image.open(io.BytesIO(r["image"]["bytes"]))) for r in rows])


def write_prompts(inputs, rows):
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["prompts"])
    manifest.write(inputs.folder / "prompts.parquet", "prompts", table, {})


def test_rows_are_one_for_each_prompt(inputs):
    rows = manifest.read(run(inputs), "images").to_pylist()
    assert [row["id"] for row in rows] == [f"synthetic/{i:04d}" for i in range(7)]
    assert {row["status"] for row in rows} == {"ok"}
    assert len({row["seed"] for row in rows}) == 7
    assert (rows[0]["width"], rows[0]["height"]) == (16, 16)


def test_call_gives_the_same_bytes_again(inputs):
    first = run(inputs).read_bytes()
    assert run(inputs, name="again").read_bytes() == first


def test_image_is_the_same_whatever_shard_and_batch_it_falls_in(inputs):
    whole = pixels(run(inputs))
    parts = [run(inputs, shard, shards=3, batch_size=2) for shard in range(3)]
    assert np.array_equal(pixels(*parts), whole)


def test_shards_cover_all_rows_once():
    for rows in (0, 1, 7, 100):
        for shards in (1, 3, 9):
            bounds = [shard_bounds(rows, shard, shards) for shard in range(shards)]
            assert [i for start, stop in bounds for i in range(start, stop)] == list(range(rows))


def test_sample_that_is_not_finite_is_a_row_with_its_reason(inputs, monkeypatch):
    call = GlidePipeline.__call__

    def damaged(*arguments, **keywords):
        output = call(*arguments, **keywords)
        output.images[1, 2, 3, 4] = torch.nan
        return output

    monkeypatch.setattr(GlidePipeline, "__call__", damaged)
    rows = manifest.read(run(inputs), "images").to_pylist()
    assert [row["status"] for row in rows] == ["ok", "failed"] + ["ok"] * 5
    assert rows[1]["reason"] == "the sample is not finite"
    assert rows[1]["image"] is None


def test_samples_that_are_not_finite_are_failed_rows(inputs, tmp_path):
    pipeline = GlidePipeline.from_pretrained(model_folder("tiny-glide", "model"))
    with torch.no_grad():
        pipeline.unet.conv_in.weight.fill_(3e38)  # finite itself; sums of it are not
    pipeline.save_pretrained(tmp_path / "damaged")
    rows = manifest.read(run(inputs, model=str(tmp_path / "damaged")), "images").to_pylist()
    assert {row["reason"] for row in rows} == {"the sample is not finite"}


def test_empty_prompt_is_a_row_with_its_reason(inputs):
    whole = pixels(run(inputs))
    table = manifest.read(inputs.folder / "prompts.parquet", "prompts").to_pylist()
    table[2]["prompt"] = " \n"
    write_prompts(inputs, table)
    rows = manifest.read(run(inputs), "images").to_pylist()
    assert (rows[2]["status"], rows[2]["reason"]) == ("failed", "the prompt is empty")
    kept = [row for row in rows if row["status"] == "ok"]
    assert [row["id"] for row in kept] == [f"synthetic/{i:04d}" for i in (0, 1, 3, 4, 5, 6)]
    assert np.array_equal(pixels_of(kept), np.delete(whole, 2, axis=0))


def test_prompts_that_are_all_empty_load_no_model(inputs):
    table = manifest.read(inputs.folder / "prompts.parquet", "prompts").to_pylist()
    write_prompts(inputs, [{**row, "prompt": ""} for row in table])
    rows = manifest.read(run(inputs, batch_size=3), "images").to_pylist()
    assert [row["reason"] for row in rows] == ["the prompt is empty"] * 7


def test_cut_prompts_are_counted_once_for_all_batches(inputs, caplog):
    table = manifest.read(inputs.folder / "prompts.parquet", "prompts").to_pylist()
    long = [{**row, "prompt": row["prompt"] + " and" * 40} for row in table[:5]]
    write_prompts(inputs, long + table[5:])
    with caplog.at_level(logging.WARNING):
        run(inputs, batch_size=2)
    lines = [line for line in caplog.messages if "are cut" in line]
    assert len(lines) == 1
    assert lines[0].startswith("5 of 7 prompts are longer than 32 tokens and are cut")


@pytest.mark.parametrize(("sampler", "steps"), [("ddim", "3"), ("dpm-solver++", "3")])
def test_samplers_draw_other_pictures(inputs, sampler, steps):
    assert not np.array_equal(
        pixels(run(inputs, sampler=sampler, steps=steps)), pixels(run(inputs))
    )


def test_upsampler_follows(inputs, tmp_path):
    settings = {"upsampler": save_tiny_upsampler(tmp_path / "upsampler"), "upsampler_steps": "2"}
    whole = run(inputs, **settings)
    assert pixels(whole).shape == (7, 32, 32, 3)
    made = manifest.read_metadata(whole)["provenance"]
    digests = {"weights_sha256", "upsampler_sha256"}
    named = {"classes", "source", "model", "drawn_as"}
    assert set(made["generators"][0]) == named | digests
    expected = pixels(whole)
    parts = [run(inputs, shard, shards=2, batch_size=1, **settings) for shard in range(2)]
    assert np.array_equal(pixels(*parts), expected)


def test_images_are_resized(inputs):
    assert pixels(run(inputs, image_size=8)).shape == (7, 8, 8, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "no/such/folder"}, "images.model: no folder no/such/folder"),
        ({"model": "."}, "images.model: . holds no pipeline of diffusers, .* model_index.json"),
        ({"device": "cuda"}, "no CUDA GPU"),
        ({"steps": "fsat27"}, "images.steps"),
        ({"steps": "2000"}, "images.steps"),
        ({"sampler": "dpm-solver++", "steps": "fast27"}, "images.steps: .* one number of steps"),
        ({"upsampler_steps": "x"}, "images.upsampler_steps"),
        ({"upsampler": "no/such"}, "images.upsampler: no folder no/such"),
        ({"upsampler": "tiny-glide"}, "images.upsampler: .* does not load as GlideUpsample"),
        ({"compile": "reduce-overhead"}, "images.compile: reduce-overhead .* images.device is cpu"),
        ({"precision": "float16"}, "images.precision: float16, but images.device is cpu"),
    ],
)
def test_generators_that_are_not_there(inputs, settings, message):
    with pytest.raises(UserError, match=message):
        run(inputs, **settings)


def test_shard_that_is_not_there(inputs):
    with pytest.raises(UserError, match="--shard: 1 must be from 0 to 0"):
        run(inputs, shard=1)
