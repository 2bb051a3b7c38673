"""How right a search for wrong labels is: precision and recall, with intervals."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

Booleans = npt.ArrayLike
"""Bool (N,)."""


@dataclasses.dataclass(frozen=True)
class Share:
    """A share of `of` cases, 0 to 1, with an interval; not a number of none.

    The interval is Wilson's, at 95 %: it holds for independent cases. The same image in several
    epochs or seeds is none, so that of their sum is too narrow.

    Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927).
    """

    value: float
    low: float
    high: float
    of: int

    @classmethod
    def counted(cls, cases: int, of: int) -> "Share":
        """Return `cases` of `of`, 0 <= cases <= of."""
        if of == 0:
            return cls(math.nan, math.nan, math.nan, 0)
        from scipy.stats import binomtest  # slow to import, and only intervals need it

        interval = binomtest(cases, of).proportion_ci(method="wilson")
        return cls(cases / of, float(interval.low), float(interval.high), of)


@dataclasses.dataclass(frozen=True)
class FoundNoise:
    """What a search for wrong labels found in some images.

    Attributes:
        images: how many it looked at.
        called: those that it called noise.
        wrong: those whose label is truly wrong.
        found: those that are both.
    """

    images: int
    called: int
    wrong: int
    found: int

    @property
    def share_called(self) -> Share:
        """Of the images, those called noise."""
        return Share.counted(self.called, self.images)

    @property
    def precision(self) -> Share:
        """Of those called noise, the wrong ones."""
        return Share.counted(self.found, self.called)

    @property
    def recall(self) -> Share:
        """Of the wrong ones, those called noise."""
        return Share.counted(self.found, self.wrong)


def found_noise(called: Booleans, wrong: Booleans) -> FoundNoise:
    """Compare the verdict on each image with a reference.

    Args:
        called: bool (N,), what was called noise.
        wrong: bool (N,), what truly is not its label.

    Raises:
        ValueError: two lengths, or values that are no truth values.
    """
    of = {name: np.asarray(value) for name, value in (("called", called), ("wrong", wrong))}
    for name, values in of.items():
        if values.dtype != np.bool_ or values.shape != (len(of["called"]),):
            expected = f"bool ({len(of['called'])},)"
            raise ValueError(f"{name}: {values.dtype} {values.shape}, expected {expected}")
    calls, errors = of["called"], of["wrong"]
    return FoundNoise(len(calls), int(calls.sum()), int(errors.sum()), int((calls & errors).sum()))


def found_noise_by_class(
    called: Booleans, wrong: Booleans, labels: npt.ArrayLike, classes: int
) -> list[FoundNoise]:
    """Return `found_noise` of the images that are called by each class, int (N,), 0 to C - 1."""
    calls, errors, of = np.asarray(called), np.asarray(wrong), np.asarray(labels)
    if of.shape != calls.shape:
        raise ValueError(f"labels: shape {of.shape}, expected {calls.shape} as of called")
    return [found_noise(calls[of == label], errors[of == label]) for label in range(classes)]
