"""What may be said of the difference between two classifiers."""

import dataclasses
import enum
import math


class Verdict(enum.StrEnum):
    """A difference in words."""

    BETTER = "better"
    WORSE = "worse"
    NONE = "no difference that these runs can tell"
    TOO_FEW_SEEDS = "too few seeds"


LEAST_SEEDS = 3
"""Of fewer runs the spread is not known well enough to call one method better than another."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """How much better one method is than another, with an interval.

    mean: of the first minus the second, in percentage points.
    low, high: bounds of the interval, likewise; not a number of a single seed.
    seeds: pairs of runs that it is made of.
    images: test images that were resampled; 0 if they were taken as they are.
    """

    mean: float
    low: float
    high: float
    seeds: int
    images: int = 0

    @property
    def verdict(self) -> Verdict:
        """The difference in a word: better or worse where the interval does not hold zero."""
        if self.seeds < LEAST_SEEDS or math.isnan(self.low):
            return Verdict.TOO_FEW_SEEDS
        if self.low > 0:
            return Verdict.BETTER
        return Verdict.WORSE if self.high < 0 else Verdict.NONE
