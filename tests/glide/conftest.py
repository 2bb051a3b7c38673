"""GLIDE pipelines with random weights, small enough to sample in an instant."""

from pathlib import Path

import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from tokenizers import pre_tokenizers
from transformers import GPT2Tokenizer

from sau.glide.architecture import Architecture
from sau.glide.cascade import GlideUpsamplePipeline
from sau.glide.pipeline import GlidePipeline
from sau.glide.text_encoder import GlideTextEncoder
from tests.glide.published import write_published

CONTEXT_LENGTH = 12
WIDTH = 32


@pytest.fixture(scope="session")
def byte_tokenizer() -> GPT2Tokenizer:
    """A GPT-2 tokenizer that knows single bytes only."""
    vocabulary = {symbol: i for i, symbol in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    return GPT2Tokenizer(vocab={**vocabulary, "<|endoftext|>": 256}, merges=[])


@pytest.fixture
def text_encoder() -> GlideTextEncoder:
    """A text encoder whose embeddings are all random, the padding's included."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = GlideTextEncoder(257, CONTEXT_LENGTH, WIDTH, layers=2, heads=4)
        for parameter in encoder.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
    return encoder.eval()


@pytest.fixture
def pipeline(byte_tokenizer: GPT2Tokenizer, text_encoder: GlideTextEncoder) -> GlidePipeline:
    """A pipeline of GLIDE's block types at 8 x 8 pixels."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        unet = UNet2DConditionModel(
            sample_size=8,
            in_channels=3,
            out_channels=6,
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            block_out_channels=(32, 32),
            layers_per_block=1,
            cross_attention_dim=WIDTH,
            attention_head_dim=16,
            resnet_time_scale_shift="scale_shift",
            class_embed_type="simple_projection",
            projection_class_embeddings_input_dim=WIDTH,
        )
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2", variance_type="learned_range")
    return GlidePipeline(byte_tokenizer, text_encoder, unet.eval(), scheduler)


@pytest.fixture
def upsampler(
    byte_tokenizer: GPT2Tokenizer, text_encoder: GlideTextEncoder
) -> GlideUpsamplePipeline:
    """An upsampler of GLIDE's block types to 8 x 8 pixels."""
    sizes = Architecture(
        image_size=8,
        channels=(32, 32),
        layers=1,
        attention=(False, True),
        beta_schedule="linear",
        upsampler=True,
        head_channels=16,
        text_width=WIDTH,
    )
    with torch.random.fork_rng():
        torch.manual_seed(2)
        unet = sizes.unet().eval()
    return GlideUpsamplePipeline(byte_tokenizer, text_encoder, unet, sizes.scheduler())


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with small published files, see `write_published`."""
    return write_published(tmp_path / "published")
