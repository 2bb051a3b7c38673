"""Labels that are swapped on purpose: a known share of them is wrong, for experiments."""

import numpy as np
import numpy.typing as npt

from sau.core.random_streams import numpy_generator

Labels = npt.NDArray[np.int64]


def swap_labels(labels: Labels, share: float, seed: int) -> Labels:
    """Exchange labels among `round(share * n)` images of each class, so that each one is wrong.

    The classes keep their sizes, as labels are only handed round: of the n images that are called
    by a class, as many are wrong as were taken out of it. Which images of a class are taken is the
    first of one fixed shuffle, so what a smaller share swaps is part of what a larger one does.

    Args:
        labels: class of each image, (N,).
        share: 0 to 1.
        seed: of the shuffles.

    Returns: the labels after it, (N,).

    Raises:
        ValueError: a share outside its range; or more than half of the taken images are of one
            class, so that not all of them can get another label.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share: {share}, expected 0 to 1")
    taken = [np.empty(0, dtype=np.int64)]
    for label in np.unique(labels).tolist():
        places = np.flatnonzero(labels == label)
        order = numpy_generator("swapped", seed, label).permutation(len(places))
        taken.append(places[order[: round(share * len(places))]])
    chosen = np.concatenate(taken)
    largest = max(map(len, taken))
    if 2 * largest > len(chosen):
        label = int(labels[taken[int(np.argmax([len(one) for one in taken]))][0]])
        raise ValueError(
            f"share: {share:g} takes {largest} images of class {label} and {len(chosen) - largest} "
            "of the others, whose labels are too few for them"
        )
    swapped = labels.copy()
    swapped[chosen] = _all_others(labels[chosen], seed)
    return swapped


def _all_others(own: Labels, seed: int) -> Labels:
    """Return the same labels in an order in which none stands where it stood.

    A shuffle first. Then an image that has its own label exchanges it with a random one that may:
    one whose own label, and whose new one, are both others. As no label is more than half of all,
    there always is one, and no exchange makes a new wrong place.
    """
    generator = numpy_generator("swapped", seed, "order")
    found = own[generator.permutation(len(own))]
    for place in np.flatnonzero(found == own).tolist():
        if found[place] != own[place]:  # an earlier exchange has settled it
            continue
        label = own[place]
        partner = generator.choice(np.flatnonzero((own != label) & (found != label)))
        found[[place, partner]] = found[[partner, place]]
    return found
