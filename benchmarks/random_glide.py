"""GLIDE with random weights: as slow as the published one, and its pictures are noise."""

import torch
from tokenizers import pre_tokenizers
from transformers import GPT2Tokenizer

from sau.glide.architecture import BASE, Architecture
from sau.glide.pipeline import GlidePipeline

SIZES = {
    "published": BASE,
    "small": Architecture(
        image_size=8,
        channels=(32, 32),
        layers=1,
        attention=(False, True),
        beta_schedule="squaredcos_cap_v2",
        head_channels=16,
        text_width=32,
        text_layers=2,
        text_heads=4,
        context_length=12,
        vocabulary_size=257,
    ),
}
"""The published base network, 385 million parameters, and one for tests."""


def random_pipeline(size: str, seed: int = 0) -> GlidePipeline:
    """Return a pipeline of one of `SIZES`; its tokenizer knows single bytes only."""
    architecture = SIZES[size]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder, network = architecture.text_encoder(), architecture.unet()
        for parameter in (encoder.positional_embedding, encoder.padding_embedding):
            torch.nn.init.normal_(parameter, std=0.01)
    symbols = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: place for place, symbol in enumerate(symbols)}
    tokenizer = GPT2Tokenizer(vocab={**vocabulary, "<|endoftext|>": len(vocabulary)}, merges=[])
    return GlidePipeline(tokenizer, encoder.eval(), network.eval(), architecture.scheduler())
