"""The losses of an epoch's steps, added up where they are computed."""

from typing import Any

import torch
from torch import Tensor

from sau.engine.state import PartialEpoch
from sau.methods.base import Losses


class LossTotals:
    """Each loss times the images that it is a mean over, summed over steps.

    No value is read back from the device before the end.

    Args:
        partial: what an epoch that is taken up again has found; None for a new one.
        device: of the losses.
    """

    def __init__(self, partial: PartialEpoch | None, device: torch.device) -> None:
        self.steps = self.images = 0
        self._names: list[str] = []
        self._sums: Tensor | None = None
        if partial is not None:
            self.steps, self.images = partial.steps, partial.images
            self._names, self._sums = partial.names, partial.sums.to(device)

    def add(self, losses: Losses, images: int) -> None:
        """Add a step's losses, means over `images`."""
        self._names = list(losses)
        weighted = torch.stack([value.detach() for value in losses.values()]) * images
        self._sums = weighted if self._sums is None else self._sums + weighted
        self.steps += 1
        self.images += images

    def means(self) -> dict[str, float]:
        """Return the mean of each loss over all images."""
        assert self._sums is not None
        return dict(zip(self._names, (self._sums / self.images).tolist(), strict=True))

    def partial(self, mixing: dict[str, Any]) -> PartialEpoch:
        """Return what there is so far; `mixing` is the state of NumPy's generator."""
        assert self._sums is not None
        return PartialEpoch(self.steps, self.images, self._names, self._sums, mixing)
