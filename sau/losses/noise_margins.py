"""From similarities to classes to a verdict on labels: margins, ranks within a class, trust."""

import torch
from torch import Tensor

from sau.losses.shapes import Shapes


@torch.no_grad()
def classification_margins(similarities: Tensor, labels: Tensor) -> Tensor:
    """Return by how much a sample is nearer to its own class than to any other, in its worse view.

    m_i = min over views v of (s_v[y_i] - max over c != y_i of s_v[c]). Both views agree with the
    label where it is at least 0; below 0 at least one does not.

    Args:
        similarities: s, float (B, 2, C), of `class_similarities`, or log-probabilities.
        labels: y, int64 (B,), 0 to C - 1.

    Returns float (B,); infinity of one class alone.

    Raises:
        ValueError: other shapes.
    """
    Shapes().floats("similarities", similarities, "B 2 C").integers("labels", labels, "B")
    classes = torch.arange(similarities.shape[2], device=labels.device)
    is_own = (labels[:, None] == classes)[:, None]
    own = similarities.masked_fill(~is_own, 0.0).sum(dim=2)
    other = similarities.masked_fill(is_own, -torch.inf).amax(dim=2)
    return (own - other).amin(dim=1)


@torch.no_grad()
def lowest_in_class(
    margins: Tensor, labels: Tensor, is_synthetic: Tensor, share: float, classes: int
) -> Tensor:
    """Return which synthetic images have a margin below 0 and are the worst share of their class.

    Of n synthetic images of a class, at most share * n are called so: those with the lowest
    margins, the earlier image of two equal ones. No class has more noise than another by its share,
    however few real images it has.

    Args:
        margins: float (N,), of all images; infinity where there is none yet.
        labels: int64 (N,), 0 to C - 1.
        is_synthetic: bool (N,).
        share: 0 to 1.
        classes: C.

    Returns bool (N,), never True for a real image.

    Raises:
        ValueError: other shapes, or a share outside its range.
    """
    shapes = Shapes().floats("margins", margins, "N").integers("labels", labels, "N")
    shapes.booleans("is_synthetic", is_synthetic, "N")
    if not 0 <= share <= 1:
        raise ValueError(f"share: {share}, expected 0 to 1")
    order = margins.masked_fill(~is_synthetic, torch.inf).argsort(stable=True)
    order = order[labels[order].argsort(stable=True)]
    # Whether synthetic ones are infinitely far counts too: they are not below 0.
    belongs = labels[order][:, None] == torch.arange(classes, device=labels.device)
    place = (belongs.cumsum(dim=0) * belongs).sum(dim=1) - 1
    counts = (belongs & is_synthetic[order][:, None]).sum(dim=0)
    allowed = (share * counts.double())[labels[order]]
    called = torch.zeros_like(is_synthetic)
    called[order] = place + 1 <= allowed
    return called & is_synthetic & (margins < 0)


@torch.no_grad()
def trust_of(margins: Tensor, is_synthetic: Tensor, temperature: float) -> Tensor:
    """Return how far a label is trusted: 1 / (1 + exp(-m / T)), and 1 of a real sample.

    That is 1/2 at a margin of 0, where a verdict would change.

    Args:
        margins: m, float (B,).
        is_synthetic: bool (B,).
        temperature: T, above 0.

    Returns float (B,), 0 to 1.

    Raises:
        ValueError: other shapes, or a temperature that is not above 0.
    """
    Shapes().floats("margins", margins, "B").booleans("is_synthetic", is_synthetic, "B")
    if not temperature > 0:
        raise ValueError(f"temperature: {temperature}, expected above 0")
    return (margins / temperature).sigmoid().masked_fill(~is_synthetic, 1.0)
