"""Rules that judge each image by its own figures."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sau.pipeline.filter.reasons import reasons

Figures = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def below(figures: Figures, least: float, measure: str) -> pa.Array:
    """Reject the images whose figure is below `least`.

    Args:
        figures: of each image, (N,).
        least: the lowest that passes, compared in float32 as the figures are stored.
        measure: the figure's name, for the reason.
    """
    return reasons(figures < np.float32(least), f"{measure} ", figures, f", below {least:g}")


def above(figures: Figures, most: float, measure: str) -> pa.Array:
    """Reject the images whose figure is above `most`; as `below`."""
    return reasons(figures > np.float32(most), f"{measure} ", figures, f", above {most:g}")


def other_class(
    zero_shot: Labels, labels: Labels, probability: Figures, class_names: list[str]
) -> pa.Array:
    """Reject the images that CLIP takes for another class than their own.

    Args:
        zero_shot: class whose text is nearest, (N,).
        labels: the class that was asked for, (N,).
        probability: softmax probability of `zero_shot`, (N,).
        class_names: in label order.
    """
    names = pa.array(class_names, pa.string()).take(pa.array(zero_shot))
    found = (names, " (probability ", probability, ")")
    return reasons(zero_shot != labels, "CLIP takes it for ", *found)
