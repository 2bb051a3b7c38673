"""What a run knows at the end of an epoch, besides its weights."""

import dataclasses

from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Classes of the N test images after `epoch` epochs.

    `top1`: percent; `predicted`: int32 (N,); `confidence`: float32 (N,), 0 to 1; both on the CPU.
    """

    epoch: int
    top1: float
    predicted: Tensor
    confidence: Tensor


@dataclasses.dataclass
class RunState:
    """Everything that outlives an epoch; `epoch` counts those that are trained.

    `history`: rows (epoch, name, value); `label_correction`: rows (epoch, label, synthetic, noise).
    """

    epoch: int = 0
    history: list[tuple[int, str, float]] = dataclasses.field(default_factory=list)
    label_correction: list[tuple[int, int, int, int]] = dataclasses.field(default_factory=list)
    last: Predictions | None = None
    best: Predictions | None = None

    def record_predictions(self, predictions: Predictions) -> None:
        """Keep the epoch's predictions, and as best if no earlier epoch's top-1 is as high."""
        self.last = predictions
        if self.best is None or predictions.top1 > self.best.top1:
            self.best = predictions
