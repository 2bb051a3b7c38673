"""Low-rank adaptation: matrices of small rank that learn beside frozen weights of a transformer."""

from torch import Tensor, nn

from sau.core.errors import ArgumentError

_ATTENTION, _MLP = ("attn", "self_attn", "attention"), ("mlp", "ffn")
"""What parts of a transformer's block are called in timm and open_clip."""

_MARK = "lora_"
"""What names of peft's matrices begin with."""


def add_low_rank(encoder: nn.Module, rank: int) -> None:
    """Put matrices A (rank, n) and B (m, rank) beside each weight (m, n) of attention and MLPs.

    The layer then computes W x + B A x. B starts at 0, so the encoder's outputs stay as they are;
    W, and all other weights of the encoder, no longer require a gradient.

    Args:
        encoder: a transformer, on the CPU; changed in place.
        rank: at least 1.

    Raises:
        ArgumentError: peft is not installed, or the encoder has no attention.

    Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (ICLR 2022), equation 3
    with alpha = r.
    """
    names = adapted_layers(encoder)
    if not any(_is_in(name, _ATTENTION) for name in names):
        raise ArgumentError(
            f"lora_rank: {rank}, but the backbone has no attention; choose a transformer, or set "
            "it to 0"
        )
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ModuleNotFoundError as error:
        raise ArgumentError(
            f"lora_rank: {rank} needs the package {error.name}; install it with "
            "`pip install 'sau-longtail[pretrained]'`, or set it to 0"
        ) from error
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=rank, target_modules=names), encoder)


def adapted_layers(encoder: nn.Module) -> list[str]:
    """Return the names of the layers that matrices may stand beside, in their order."""
    found = [
        name for name, layer in encoder.named_modules() if isinstance(layer, nn.MultiheadAttention)
    ]
    attentions = tuple(f"{name}." for name in found)  # PyTorch's holds a linear layer of its own
    return found + [
        name
        for name, layer in encoder.named_modules()
        if isinstance(layer, nn.Linear)
        and _is_in(name, _ATTENTION + _MLP)
        and not name.startswith(attentions)
    ]


def is_adapted(encoder: nn.Module) -> bool:
    """Return whether matrices stand beside its weights."""
    return any(f".{_MARK}" in name for name, _ in encoder.named_parameters())


def learning_weights(encoder: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that learn where the encoder does: low-rank matrices, or all."""
    matrices = [p for name, p in encoder.named_parameters() if f".{_MARK}" in name]
    return matrices or list(encoder.parameters())


def merge_low_rank(encoder: nn.Module) -> None:
    """Add each product B A to its weight, and take the matrices away; nothing if there are none."""
    if not is_adapted(encoder):
        return
    from peft.tuners.tuners_utils import BaseTunerLayer

    parents = {
        child: (parent, name)
        for parent in encoder.modules()
        for name, child in parent.named_children()
    }
    for layer in list(encoder.modules()):
        if not isinstance(layer, BaseTunerLayer):
            continue
        if not layer.merged:  # attention merges the linear layer that it holds itself
            layer.merge()
        base, (parent, name) = layer.get_base_layer(), parents[layer]
        _take_back_weights(base)
        setattr(parent, name, base)
    for parameter in encoder.parameters():
        parameter.requires_grad_()


def _take_back_weights(layer: nn.Module) -> None:
    """Make the weights parameters again that peft has replaced by plain tensors."""
    for name in ("weight", "in_proj_weight"):
        weight = getattr(layer, name, None)
        if isinstance(weight, Tensor) and not isinstance(weight, nn.Parameter):
            delattr(layer, name)
            setattr(layer, name, nn.Parameter(weight.detach()))


def _is_in(name: str, parts: tuple[str, ...]) -> bool:
    return any(part in parts for part in name.split("."))
