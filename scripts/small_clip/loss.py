"""CLIP's loss where several images of a batch have the same caption."""

import torch.nn.functional as F
from torch import Tensor


def label_aware_loss(images: Tensor, texts: Tensor, scale: Tensor, labels: Tensor) -> Tensor:
    """Contrast images and texts, those of one class all counting as partners of each other.

    With few classes most of a batch would else be called wrong although it is right: CLIP's own
    loss takes the caption of another image of the class for a negative.

    Args:
        images: unit embeddings (B, d).
        texts: unit embeddings of their captions (B, d).
        scale: what cosines are multiplied with, a scalar.
        labels: int64 (B,).

    Returns: a scalar, the mean of the cross-entropies from image to text and from text to image,
        with targets uniform over the partners.

    Source: Yang et al., "Unified Contrastive Learning in Image-Text-Label Space", CVPR 2022,
        equations 2 to 4.
    """
    logits = (scale * images @ texts.T).float()
    partners = (labels[:, None] == labels[None]).to(logits.dtype)
    targets = partners / partners.sum(dim=1, keepdim=True)
    return (F.cross_entropy(logits, targets) + F.cross_entropy(logits.T, targets)) / 2
