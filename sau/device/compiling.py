"""Networks through torch.compile: where that works, and for how many shapes."""

import os
import shutil
import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from sau.core.errors import UserError

SHAPES = 64
"""Compilations of one function before PyTorch leaves it as it is; its own limit is 8.

A run meets as many: full and last batches, training and testing, with gradients and without.
"""

GRAPHS = "reduce-overhead"
"""The mode that records CUDA graphs."""

COMPILERS = {
    "cpu": ("C++", "CXX", ("g++", "clang++")),
    "cuda": ("C", "CC", ("gcc", "clang")),
}
"""What a device's code needs here, the variable that may name it, and its usual names."""


def check_compiler(device: torch.device, mode: str, section: str) -> None:
    """Refuse CUDA graphs on a CPU, and to compile where there is no compiler.

    torch.compile itself says nothing of the first, and of the second only in the first step.

    Args:
        device: where the network is.
        mode: of torch.compile.
        section: of the configuration, whose keys `compile` and `device` say so.

    Raises:
        UserError: one of the two.
    """
    if device.type == "cpu" and mode == GRAPHS:
        raise UserError(
            f"{section}.compile: {GRAPHS} records CUDA graphs, but {section}.device is cpu; "
            "set compile to default or off"
        )
    if device.type not in COMPILERS:
        return
    language, variable, names = COMPILERS[device.type]
    found = [name for name in (os.environ.get(variable, ""), *names) if name and shutil.which(name)]
    if not found:
        raise UserError(
            f"{section}.compile: {mode}, but there is no {language} compiler "
            f"({' or '.join(names)}) here; install one, or set compile to off"
        )


def compile_network(network: nn.Module, mode: str) -> None:
    """Let a network be compiled, in place, for each shape of input that it meets.

    Code for any shape at all would be slower code. What a recorded CUDA graph returns is written
    over by its next run: whoever keeps it, copies it.

    Args:
        network: its weights, and their names, stay as they are; a copy of it is not compiled.
        mode: of torch.compile.
    """
    _prepare_compiler()
    network.compile(mode=mode, dynamic=False)


def compile_copying(network: nn.Module, mode: str) -> None:
    """Let a network be compiled as by `compile_network`, and return copies of its results.

    For callers that are not ours and may keep what they get. The network must not be copied.
    """
    _prepare_compiler()
    compiled = torch.compile(network.forward, mode=mode, dynamic=False)

    def forward(*arguments: Any, **keywords: Any) -> Any:
        return tree_map_only(Tensor, torch.clone, compiled(*arguments, **keywords))

    network.forward = forward


def tell_compiler() -> None:
    """Let the compiler, if it is loaded, choose by deterministic means where operations must."""
    if config := sys.modules.get("torch._inductor.config"):
        config.deterministic = torch.are_deterministic_algorithms_enabled()  # type: ignore[attr-defined]


def _prepare_compiler() -> None:
    # Both take seconds, which only those who compile should wait.
    from torch._dynamo import config
    from torch._inductor import config as _  # noqa: F401

    config.recompile_limit = max(config.recompile_limit, SHAPES)
    tell_compiler()
