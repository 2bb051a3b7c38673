"""What a run knows at the end of an epoch, or within one, besides its weights."""

import dataclasses
from typing import Any, NamedTuple

from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Classes of the N test images after `epoch` epochs.

    `top1`: percent; `predicted`: int32 (N,); `confidence`: its probability, float32 (N,), 0 to 1;
    `label_probability`: likewise, of the true class; all three on the CPU.
    `validation_top1`: percent, mean over classes, of the validation images after the same epoch;
    None if there are none.
    """

    epoch: int
    top1: float
    predicted: Tensor
    confidence: Tensor
    label_probability: Tensor
    validation_top1: float | None = None

    def figures(self) -> dict[str, float]:
        """Return the epoch's accuracies by their names in the history."""
        validation = self.validation_top1
        figures = {} if validation is None else {"validation/top1": validation}
        return figures | {"test/top1": self.top1}


@dataclasses.dataclass(frozen=True)
class PartialEpoch:
    """What an epoch that was left after `steps` of its steps has found until then.

    `images`: how many those steps have seen; `sums`: float32 (L,), each loss times the images that
    it is a mean over, added up, in the order of `names`; `mixing`: the state of NumPy's generator.
    """

    steps: int
    images: int
    names: list[str]
    sums: Tensor
    mixing: dict[str, Any]


class Tally(NamedTuple):
    """What label correction found in an epoch among the synthetic images of a class.

    `synthetic`: images seen; `noise`: those called noise; `wrong`: those whose label is truly
    wrong; `found`: those that are both. None for the latter two where nobody knows the truth.
    """

    epoch: int
    label: int
    synthetic: int
    noise: int
    wrong: int | None = None
    found: int | None = None


@dataclasses.dataclass
class RunState:
    """Everything that outlives an epoch; `epoch` counts those that are trained.

    `history`: rows (epoch, name, value); `label_correction`: a row for each
    epoch and class.
    `last`, `best_on_test` and `best_on_validation`: test predictions by selection. `best_weights`:
    of the network that was tested in the epoch of the latter, on the CPU; empty without validation
    images. `partial`: of the epoch after those, if it was left before its end. `snapshots`: by
    epoch, the weights of the network that would have been tested then, on the CPU.
    """

    epoch: int = 0
    history: list[tuple[int, str, float]] = dataclasses.field(default_factory=list)
    label_correction: list[Tally] = dataclasses.field(default_factory=list)
    last: Predictions | None = None
    best_on_test: Predictions | None = None
    best_on_validation: Predictions | None = None
    best_weights: dict[str, Tensor] = dataclasses.field(default_factory=dict)
    partial: PartialEpoch | None = None
    snapshots: dict[int, dict[str, Tensor]] = dataclasses.field(default_factory=dict)

    @property
    def current_epoch(self) -> int:
        """The epoch that weights and momentum are of: the one under way, or else the last."""
        return self.epoch + (self.partial is not None)

    def progress(self) -> str:
        """Return in words how far the run is, such as `epoch 3 and 12 steps of the next`."""
        if self.partial is None:
            return f"epoch {self.epoch}"
        steps = "1 step" if self.partial.steps == 1 else f"{self.partial.steps} steps"
        return f"epoch {self.epoch} and {steps} of the next"

    def record_predictions(self, predictions: Predictions) -> bool:
        """Keep the epoch's predictions, and as best where no earlier epoch's figure is as high.

        Returns: whether they are now the best by the validation images.
        """
        self.last = predictions
        best = self.best_on_test
        if best is None or predictions.top1 > best.top1:
            self.best_on_test = predictions
        figure, best = predictions.validation_top1, self.best_on_validation
        if figure is None:
            return False
        is_best = best is None or best.validation_top1 is None or figure > best.validation_top1
        if is_best:
            self.best_on_validation = predictions
        return is_best
