"""The shipped tiny GLIDE, and LoRA weights and vectors that fit it."""

import torch
from torch import Tensor

from sau.assets.shipped import model_folder
from sau.glide.pipeline import GlidePipeline


def tiny() -> GlidePipeline:
    """Return the shipped tiny GLIDE."""
    pipeline = GlidePipeline.from_pretrained(model_folder("tiny-glide", "model"))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def lora(seed: int) -> dict[str, Tensor]:
    """Return random LoRA weights of rank 2 for its attention, as diffusers saves them."""
    stream = torch.Generator().manual_seed(seed)
    found = {}
    for name, layer in tiny().unet.named_modules():
        if name.endswith(("to_q", "add_v_proj")):
            found[f"unet.{name}.lora_A.weight"] = torch.randn(
                (2, layer.in_features), generator=stream
            )
            found[f"unet.{name}.lora_B.weight"] = torch.randn(
                (layer.out_features, 2), generator=stream
            )
    return found


def own_vectors(name: str) -> Tensor:
    """Return the embeddings of a name's own tokens within a text."""
    pipeline = tiny()
    ids = pipeline.glide_tokenizer.plain_ids(f" {name}")
    return pipeline.text_encoder.token_embedding.weight[ids].detach().clone()
