"""How exactly generators compute, and how they are made quick."""

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import nn

from sau.device.compiling import GRAPHS, check_compiler, compile_copying, compile_network
from sau.glide.attention import attend_by_products

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def make_quick(network: nn.Module, device: torch.device, mode: str) -> None:
    """Lay a network out for its device and precision, and compile it if asked to; in place.

    Args:
        network: with convolutions or without.
        device: on a GPU, and on a CPU in bfloat16, weights of convolutions are stored channels
            last.
        mode: of `torch.compile`, or off.

    Raises:
        UserError: there is no compiler.
    """
    # Not float32 on a CPU, where results of earlier versions would change by rounding.
    rounded = next((values.dtype for values in network.parameters()), None) == torch.bfloat16
    if device.type == "cuda" or rounded:
        network.to(memory_format=torch.channels_last)
    if device.type == "cpu" and rounded and isinstance(network, UNet2DConditionModel):
        attend_by_products(network)
    if mode == "off":
        return
    check_compiler(device, mode, "images")
    if mode == GRAPHS:
        compile_copying(network, mode)  # some schedulers keep what earlier steps returned
    else:
        compile_network(network, mode)
