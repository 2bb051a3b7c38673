"""From embeddings to what they say of each image."""

import torch
from torch import Tensor


def compare(
    images: Tensor, texts: Tensor, classes: Tensor, labels: Tensor, scale: float
) -> dict[str, Tensor]:
    """Compare images with their own texts and with all classes.

    With c_k the cosine of an image and class k's text, and y the image's class, the probability of
    class k is exp(scale c_k) / sum_j exp(scale c_j). A model with a bias (SigLIP) adds the same to
    all classes, which changes nothing here.

    Args:
        images: unit embeddings (N, d), float32.
        texts: the images' own, (N, d).
        classes: (C, d).
        labels: int64 (N,), y, 0 to C - 1.
        scale: the model's inverse temperature.

    Returns columns of the scores manifest, each (N,): `score`, `class_score` = c_y, `zero_shot`
        (the k of the highest c_k, int64), `zero_shot_probability`, and `margin` = c_y less the
        highest other c_k, NaN with a single class.
    """
    cosines = (images @ classes.T).clamp(-1, 1)
    own = labels[:, None]
    class_score = cosines.gather(1, own)[:, 0]
    probability, zero_shot = torch.softmax(scale * cosines, dim=1).max(dim=1)
    others = cosines.scatter(1, own, -torch.inf).amax(dim=1)
    margin = class_score - others
    return {
        "score": (images * texts).sum(dim=1).clamp(-1, 1),
        "class_score": class_score,
        "zero_shot": zero_shot,
        "zero_shot_probability": probability,
        "margin": margin if len(classes) > 1 else torch.full_like(margin, torch.nan),
    }
