"""LoRA weights of one class, put into a pipeline in place of another's."""

from pathlib import Path
from typing import Any

from torch import nn

from sau.assets.pipeline_networks import quiet
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.pipeline.images.own_tensors import finite_tensors
from sau.pipeline.images.settings import ImagesSettings

ADAPTER = "own"
"""What peft calls the weights of the class that is drawn."""


def put_on_lora(pipeline: Any, settings: ImagesSettings) -> None:
    """Give a pipeline the LoRA weights of the settings, or none, and no others.

    Args:
        pipeline: of diffusers or GLIDE's, on its device; it may have those of another class.
        settings: of a class; `lora` is a file, or empty.

    Raises:
        UserError: a pipeline that takes none, or a file that does not fit it.
    """
    if getattr(pipeline, "get_list_adapters", dict)():
        pipeline.unload_lora_weights()
    if settings.lora:
        _put_on(pipeline, Path(settings.lora), settings.lora_scale)


def _put_on(pipeline: Any, path: Path, scale: float) -> None:
    what = f"images.lora: {path} does not fit {type(pipeline).__name__}"
    if not hasattr(pipeline, "load_lora_weights"):
        raise UserError(f"{what}, which takes no LoRA weights; choose another model")
    state = finite_tensors(path, "lora")
    with loading(what), quiet():
        # By the file's name: its header may say by what the matrices are scaled.
        pipeline.load_lora_weights(
            str(path.parent),
            weight_name=path.name,
            adapter_name=ADAPTER,
            use_safetensors=True,
            local_files_only=True,
        )
        # Libraries only warn of what they have no place for.
        placed = sum(_adapted(network) for network in pipeline.components.values())
        given = sum(not name.endswith("alpha") for name in state)
        if placed != given:
            raise UserError(
                f"{what}: it has {given} matrices, of which {placed} have a place in the model; "
                "choose the model that they were trained for"
            )
        pipeline.set_adapters([ADAPTER], [scale])


def _adapted(network: Any) -> int:
    """Return how many matrices of the adapter a part of a pipeline has."""
    if not isinstance(network, nn.Module):
        return 0
    return sum(".lora_" in name for name, _ in network.named_parameters())
