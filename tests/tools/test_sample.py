"""`sau sample`: the sheet that it draws, and that its pictures are the generator's."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sau.__main__ import main
from sau.assets.shipped import model_folder
from sau.core.errors import UserError
from sau.core.random_streams import derive_seed
from sau.glide.pipeline import GlidePipeline
from sau.pipeline.images.glide_generator import GlideGenerator
from sau.pipeline.images.image_generator import Drawn
from sau.tools.sample import sample
from sau.tools.sample_sheet import GAP, LINE, MARGIN, SheetRow, draw_sheet
from tests.glide.drawn import pictures

PROMPTS = ["A photo of a three.", "The printed digit seven."]


def tile(sheet: Image.Image, row: int, group: int, column: int, count: int) -> np.ndarray:
    """Cut one 64 x 64 tile out of a sheet whose rows have `count` pictures in a group."""
    left = MARGIN + group * (count * (64 + GAP) + 2 * GAP) + column * (64 + GAP)
    top = MARGIN + LINE + row * (LINE + 64 + 2 * GAP) + LINE
    return np.asarray(sheet.crop((left, top, left + 64, top + 64)))


def test_tiles_are_the_generators_pictures(tmp_path: Path) -> None:
    """Enlarged four times; those of both scales from the same seeds."""
    output = tmp_path / "sheet.png"
    sample(PROMPTS, output, count=2, guidance_scale=[1.0, 4.0], steps="3", seed=5)
    sheet = Image.open(output)
    pipeline = GlidePipeline.from_pretrained(model_folder("tiny-glide", "test"))
    pairs = [(prompt, number) for prompt in PROMPTS for number in range(2)]
    seeds = [derive_seed("sample", 5, prompt, number) for prompt, number in pairs]
    for group, scale in enumerate((1.0, 4.0)):
        drawn = pictures(pipeline, [prompt for prompt, _ in pairs], seeds, "3", scale)
        for place, picture in enumerate(drawn):
            found = tile(sheet, place // 2, group, place % 2, 2)
            assert np.array_equal(found, picture.repeat(4, axis=0).repeat(4, axis=1))
    record = json.loads(sheet.info["sau"])
    assert record["prompts"] == PROMPTS
    assert record["guidance_scales"] == [1.0, 4.0]
    assert record["seed"] == 5
    assert len(record["weights_sha256"]) == 64


def test_guidance_scales_load_the_model_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, loaded = GlidePipeline.from_pretrained, []

    def counted(folder: Path, **options: object) -> GlidePipeline:
        loaded.append(folder)
        return load(folder, **options)

    monkeypatch.setattr(GlidePipeline, "from_pretrained", counted)
    sample(PROMPTS[:1], tmp_path / "x.png", count=1, guidance_scale=[1.0, 2.0, 4.0], steps="2")
    assert len(loaded) == 1


def test_empty_prompt_is_a_grey_tile_with_its_reason(tmp_path: Path) -> None:
    output = tmp_path / "sheet.png"
    sample(["  ", PROMPTS[0]], output, count=1, steps="2")
    sheet = Image.open(output)
    empty = tile(sheet, 0, 0, 0, 1)
    colours, counts = np.unique(empty.reshape(-1, 3), axis=0, return_counts=True)
    assert tuple(colours[counts.argmax()]) == (225, 228, 232)
    assert len(colours) > 5  # the letters of the reason
    assert len(np.unique(tile(sheet, 1, 0, 0, 1).reshape(-1, 3), axis=0)) > 20


def test_command_writes_the_same_bytes_again(tmp_path: Path) -> None:
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    sample(PROMPTS, one, count=2, steps="2")
    sample(PROMPTS, other, count=2, steps="2", batch_size=3)
    assert Image.open(one).tobytes() == Image.open(other).tobytes()
    sample(PROMPTS, other, count=2, steps="2")
    assert one.read_bytes() == other.read_bytes()


def test_text_that_is_too_wide_stays_on_the_sheet() -> None:
    picture = Drawn(np.full((64, 64, 3), 100, dtype=np.uint8))
    wide = draw_sheet([SheetRow("word " * 50, [[picture]])], ["guidance 3"])
    assert wide.size == draw_sheet([SheetRow("word", [[picture]])], ["guidance 3"]).size
    border = np.asarray(wide)[:, -MARGIN:]
    assert (border == 255).all()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--prompt", "a", "--generator", "no-such-model"], "images.model"),
        (["--prompt", "a", "--steps", "many"], "images.steps"),
        (["--prompt", "a", "--device", "tpu"], "images.device"),
        (["--prompt", "a", "--count", "0"], "--count"),
        (["--prompt"], "--prompt"),
    ],
)
def test_bad_input_is_one_line(
    flags: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "sheet.png"
    assert main(["sample", *flags, "--output", str(output)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not output.exists()


def test_damaged_index_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{")
    with pytest.raises(UserError, match="is no index of a pipeline"):
        sample(["a"], tmp_path / "x.png", generator=str(tmp_path))


def test_memory_that_runs_out_halves_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, sizes = GlideGenerator.draw, []

    def small(
        self: GlideGenerator, prompts: list[str], seeds: list[int], guides: None = None
    ) -> list[Drawn]:
        if len(prompts) > 2:
            raise torch.OutOfMemoryError
        sizes.append(len(prompts))
        return draw(self, prompts, seeds)

    sample(PROMPTS, tmp_path / "whole.png", count=2, steps="2")
    monkeypatch.setattr(GlideGenerator, "draw", small)
    sample(PROMPTS, tmp_path / "halved.png", count=2, steps="2")
    assert sum(sizes) == 4
    whole, halved = (Image.open(tmp_path / f"{name}.png").tobytes() for name in ("whole", "halved"))
    assert whole == halved


def test_failed_pictures_alone_still_make_a_sheet() -> None:
    sheet = draw_sheet([SheetRow("x", [[Drawn(None, "the sample is not finite")]])], [""])
    assert sheet.width == 2 * MARGIN + 64 + 3 * GAP


def test_missing_prompt_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--prompt"):
        sample([], tmp_path / "x.png")
