"""A tiny latent-diffusion pipeline with random weights, as the published ones are laid out."""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerAncestralDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from transformers import (
    CLIPConfig,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
)

CONTEXT = 12
"""Tokens of a prompt, the two at its ends included; the tokenizer has one for each letter."""


def tiny_pipeline(seed: int = 0) -> StableDiffusionPipeline:
    """Return a pipeline that draws 16 x 16 pixels from latents of 8 x 8.

    Its scheduler draws noise at every step, so that a picture depends on all of its generator.
    """
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=4,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=16,
    )
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=64,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=CONTEXT,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=_tokenizer(),
        unet=unet,
        scheduler=EulerAncestralDiscreteScheduler(steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def save_tiny_pipeline(folder: Path, seed: int = 0) -> str:
    """Write the pipeline into a folder, and return its name."""
    tiny_pipeline(seed).save_pretrained(folder)
    return str(folder)


def tiny_checker() -> StableDiffusionSafetyChecker:
    """Return a safety checker with random weights, for images of 16 x 16 pixels."""
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
    )
    return StableDiffusionSafetyChecker(
        CLIPConfig(vision_config=vision.to_dict(), projection_dim=8)
    )


def _tokenizer() -> CLIPTokenizer:
    names = ["<|startoftext|>", "<|endoftext|>"]
    letters = "abcdefghijklmnopqrstuvwxyz."
    names += [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {name: place for place, name in enumerate(names)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=CONTEXT)
