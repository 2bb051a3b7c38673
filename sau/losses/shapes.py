"""Checks of what a loss is given: the first argument that does not fit is named."""

from typing import Self

import torch
from torch import Tensor

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_INTEGERS = (torch.int64, torch.int32)


class Shapes:
    """Checks tensors one after the other; a letter stands for the same size in all of them.

    A shape is written as "B 2 d": a number is that size, a word any size, but always the same.
    Only shapes and dtypes are read, so that nothing waits for the device.
    """

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def floats(self, name: str, tensor: Tensor, shape: str) -> Self:
        """Expect floating-point numbers; raises ValueError with the argument's `name`."""
        return self._expect(name, tensor, shape, "float", _FLOATS)

    def integers(self, name: str, tensor: Tensor, shape: str) -> Self:
        """Expect integers; raises ValueError with the argument's `name`."""
        return self._expect(name, tensor, shape, "int64", _INTEGERS)

    def booleans(self, name: str, tensor: Tensor, shape: str) -> Self:
        """Expect truth values; raises ValueError with the argument's `name`."""
        return self._expect(name, tensor, shape, "bool", (torch.bool,))

    def _expect(
        self, name: str, tensor: Tensor, shape: str, kind: str, dtypes: tuple[torch.dtype, ...]
    ) -> Self:
        words = shape.split()
        if tensor.dtype not in dtypes or not self._fits(tensor, words):
            known = [f"{word} = {self._sizes[word]}" for word in words if word in self._sizes]
            raise ValueError(
                f"{name}: expected {kind} ({', '.join(words)}{',' * (len(words) == 1)})"
                + (f" with {', '.join(known)}" if known else "")
                + f", got {str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
            )
        self._sizes |= {w: n for w, n in zip(words, tensor.shape, strict=True) if not w.isdigit()}
        return self

    def _fits(self, tensor: Tensor, words: list[str]) -> bool:
        if tensor.dim() != len(words):
            return False
        expected = [int(word) if word.isdigit() else self._sizes.get(word) for word in words]
        return all(e in (None, size) for e, size in zip(expected, tensor.shape, strict=True))
