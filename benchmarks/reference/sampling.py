"""A plain loop that draws with GLIDE as the paper's generation script does.

One prompt at a time, the text tower at every step, float32 in PyTorch's own memory order. The
networks are the port's, so that the two differ in the loop alone.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from sau.glide.pipeline import GlidePipeline
from sau.glide.samplers import make_sampler


@torch.no_grad()
def draw_one_by_one(
    pipeline: GlidePipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    respacing: str,
    guidance_scale: float,
) -> Tensor:
    """Draw one image for each prompt: (N, 3, H, W) float32, about -1 to 1, ancestral sampling."""
    pairs = zip(prompts, seeds, strict=True)
    return torch.cat([_draw(pipeline, *pair, respacing, guidance_scale) for pair in pairs])


def _draw(
    pipeline: GlidePipeline, prompt: str, seed: int, respacing: str, guidance_scale: float
) -> Tensor:
    encoder, network = pipeline.text_encoder, pipeline.unet
    tokens = pipeline.glide_tokenizer([prompt, ""])
    ids, mask = tokens.ids.to(pipeline.device), tokens.mask.to(pipeline.device)
    size = network.config["sample_size"]
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(1, 3, size, size, generator=generator).to(pipeline.device)
    sampler = make_sampler("ancestral", respacing, pipeline.scheduler.config)
    for index, timestep in enumerate(sampler.timesteps):
        hidden = encoder(ids, mask)
        output = network(
            torch.cat([image, image]), timestep, hidden, class_labels=encoder.pool(hidden)
        ).sample
        noise, variance = output.chunk(2, dim=1)
        guided = noise[1:] + guidance_scale * (noise[:1] - noise[1:])
        step = torch.cat([guided, variance[:1]], dim=1)
        image = sampler.step(step, index, image, [generator])
    return image
