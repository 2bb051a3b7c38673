"""How exactly generators compute, and how they are made quick."""

import os
import shutil

import torch
from torch import nn

from sau.errors import UserError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def make_quick(network: nn.Module, device: torch.device, mode: str) -> None:
    """Lay a network out for its device, and compile it if asked to; in place.

    Args:
        network: with convolutions or without.
        device: on a GPU, weights of convolutions are stored channels last.
        mode: of `torch.compile`, or off.

    Raises:
        UserError: compiling for a CPU without a C++ compiler.
    """
    if device.type == "cuda":
        # Not on a CPU, where results of earlier versions would change by rounding.
        network.to(memory_format=torch.channels_last)
    if mode == "off":
        return
    compilers = [os.environ.get("CXX", ""), "g++", "clang++"]
    if device.type == "cpu" and not any(name and shutil.which(name) for name in compilers):
        raise UserError(
            f"images.compile: {mode}, but there is no C++ compiler (g++ or clang++) here; "
            "install one, or set compile to off"
        )
    network.compile(mode=mode, dynamic=False)
