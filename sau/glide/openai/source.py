"""One of our parameters as a part of a published one."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Source:
    """Where a parameter of ours lies in a published checkpoint, and how it is laid out there.

    The published attention layers pack queries, keys and values into one parameter, as
    [head][query | key | value][channel]; ours have the part outermost.

    Attributes:
        name: in the checkpoint.
        parts: how many are packed together; 1 if none are.
        part: the one that we take; None takes all of them, the part outermost.
        heads: of the attention.
        kernel: whether it is a convolution of width one, (out, in, 1), and ours a matrix.
    """

    name: str
    parts: int = 1
    part: int | None = None
    heads: int = 1
    kernel: bool = False

    def shape(self, ours: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of the published parameter, given that of ours."""
        repeats = 1 if self.part is None else self.parts
        return (ours[0] * repeats, *ours[1:], *((1,) if self.kernel else ()))

    def take(self, published: Tensor) -> Tensor:
        """Return our parameter; a view of the published one where nothing is packed."""
        matrix = published.squeeze(-1) if self.kernel else published
        if self.parts == 1:
            return matrix
        packed = matrix.reshape(self.heads, self.parts, -1, *matrix.shape[1:]).transpose(0, 1)
        if self.part is None:
            return packed.flatten(0, 2)
        return packed[self.part].flatten(0, 1)
