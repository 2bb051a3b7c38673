"""How exactly generators compute, and how they are made quick."""

import torch
from torch import nn

from sau.device.compiling import GRAPHS, check_compiler, compile_copying, compile_network

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def make_quick(network: nn.Module, device: torch.device, mode: str) -> None:
    """Lay a network out for its device, and compile it if asked to; in place.

    Args:
        network: with convolutions or without.
        device: on a GPU, weights of convolutions are stored channels last.
        mode: of `torch.compile`, or off.

    Raises:
        UserError: there is no compiler.
    """
    if device.type == "cuda":
        # Not on a CPU, where results of earlier versions would change by rounding.
        network.to(memory_format=torch.channels_last)
    if mode == "off":
        return
    check_compiler(device, mode, "images")
    if mode == GRAPHS:
        compile_copying(network, mode)  # some schedulers keep what earlier steps returned
    else:
        compile_network(network, mode)
