"""What a file of LoRA weights or of an embedding holds, looked at before it is used."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from sau.core.errors import UserError
from sau.core.unloadable import loading


def finite_tensors(path: Path, key: str) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, all of which are floating numbers and finite.

    Args:
        path: of the file.
        key: of the section `images`, which names it.

    Raises:
        UserError: a file that does not load, is empty, or has another tensor.
    """
    what = f"images.{key}: {path}"
    with loading(f"{what} does not load as safetensors"):
        state = load_file(path)
    bad = [
        name
        for name, values in state.items()
        if not (values.is_floating_point() and torch.isfinite(values).all())
    ]
    if bad or not state:
        raise UserError(
            f"{what} has no weights"
            if not state
            else f"{what}: {bad[0]} is not of finite floating numbers; fetch or make it again"
        )
    return dict(state)
