"""Where generators run, and how they are made quick."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.models.attention_processor import AttnAddedKVProcessor2_0
from torch._dynamo.testing import CompileCounter

from sau.assets.shipped import model_folder
from sau.device.gpus import free_place, reserved_device
from sau.glide.architecture import Architecture
from sau.glide.attention import ProductAttention
from sau.glide.pipeline import GlidePipeline
from sau.pipeline.images.device import DTYPES, make_quick
from tests.compilers import needs_compiler, without_optimisation
from tests.pipeline.images.conftest import Inputs, pixels


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_jobs_side_by_side_take_gpus_of_their_own(locks: None) -> None:
    names = ["first", "second"]
    with free_place(names, 1) as one, free_place(names, 1) as two, free_place(names, 1) as three:
        assert (one, two, three) == (0, 1, 1)
    with free_place(names, 1) as again:
        assert again == 0


def test_gpu_is_free_again_after_an_error(locks: None) -> None:
    with pytest.raises(RuntimeError), free_place(["only"], 7):
        raise RuntimeError
    with free_place(["only"], 7) as place:
        assert place == 0


def test_cpu_needs_no_reservation() -> None:
    with reserved_device("cpu", "x") as one, reserved_device("cpu", "x", 4) as two:
        assert (one, two) == (torch.device("cpu"), torch.device("cpu"))


def one_level() -> GlidePipeline:
    """Return the shipped GLIDE with an image network of one level: less to compile."""
    pipeline = GlidePipeline.from_pretrained(model_folder("tiny-glide", "model"))
    sizes = Architecture(
        image_size=16,
        channels=(32,),
        layers=1,
        attention=(True,),
        beta_schedule="squaredcos_cap_v2",
        head_channels=32,
        text_width=pipeline.text_encoder.config.width,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        unet = sizes.unet().eval()
    return GlidePipeline(pipeline.tokenizer, pipeline.text_encoder, unet, pipeline.scheduler)


def test_network_is_compiled_once_for_all_steps() -> None:
    """A number that it is given PyTorch compiles into the code: each step would be another one."""
    counts = []
    for steps in ("2", "6"):
        torch.compiler.reset()
        pipeline = one_level()
        compiled = CompileCounter()
        pipeline.unet.compile(backend=compiled, dynamic=False)
        pipeline(["a photo"], steps)
        counts.append(compiled.frame_count)
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_layout_and_attention_follow_precision_on_a_cpu(precision: str) -> None:
    pipeline = GlidePipeline.from_pretrained(model_folder("tiny-glide", "model"))
    network = pipeline.unet.to(DTYPES[precision])
    make_quick(network, torch.device("cpu"), "off")
    rounded = precision == "bfloat16"
    weight = network.down_blocks[0].resnets[0].conv1.weight
    assert weight.is_contiguous(memory_format=torch.channels_last) is rounded
    kinds = {type(processor) for processor in network.attn_processors.values()}
    assert kinds == {ProductAttention if rounded else AttnAddedKVProcessor2_0}


@needs_compiler("cpu")
@pytest.mark.slow
def test_compiled_network_draws_nearly_the_same(inputs: Inputs, tmp_path: Path) -> None:
    one_level().save_pretrained(tmp_path / "model")
    model = str(tmp_path / "model")
    plain = pixels(inputs.run(name="plain", model=model)).astype(int)
    with without_optimisation(tmp_path):
        output = inputs.run(name="compiled", model=model, compile="default")
    assert np.abs(plain - pixels(output)).max() <= 4
    assert plain.std() > 10


def test_bfloat16_draws_other_bits_of_the_same_picture(inputs: Inputs) -> None:
    """GLIDE's first steps divide by very little signal, which rounding does not survive well."""
    settings = {"steps": "6", "sampler": "ddim"}
    exact = pixels(inputs.run(**settings)).astype(float)
    rounded = pixels(inputs.run(name="rounded", precision="bfloat16", **settings)).astype(float)
    others = np.abs(exact - np.roll(exact, 2, axis=0)).mean()
    assert 0 < np.abs(exact - rounded).mean() < others / 2
