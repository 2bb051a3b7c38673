"""What numbers are computed in: float32 as it is, or bfloat16 where a device has it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def full_precision() -> Iterator[None]:
    """Let cuDNN compute convolutions of float32 values in float32, repeatably; then as before.

    By themselves they round their inputs to TF32's 10 bits. Matrix products do not, unless somebody
    asks for it. The only place that sets it; no effect on a CPU.
    """
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32, cudnn.deterministic
    cudnn.allow_tf32, cudnn.deterministic = False, True
    try:
        yield
    finally:
        cudnn.allow_tf32, cudnn.deterministic = before


def computes_in_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies bfloat16 numbers itself, so that it is quicker in them.

    Of CPUs those with AVX-512's or AMX's instructions for it; others take longer than in float32.
    """
    if device.type == "cuda" and not torch.cuda.is_available():
        return False
    if device.type == "cuda":
        return bool(torch.cuda.get_device_capability(device) >= (8, 0))
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def precision_facts(name: str, device: torch.device) -> dict[str, str]:
    """Return what a machine made of `auto`, as JSON values; nothing where a precision was named."""
    if name != "auto":
        return {}
    return {"working_precision": str(working_precision(name, device)).removeprefix("torch.")}


def working_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the dtype that a setting stands for on a device.

    Args:
        name: float32, bfloat16, or auto for bfloat16 where `computes_in_bfloat16`, else float32.
        device: where the work is done.
    """
    if name == "auto":
        return torch.bfloat16 if computes_in_bfloat16(device) else torch.float32
    dtype: torch.dtype = getattr(torch, name)
    return dtype
