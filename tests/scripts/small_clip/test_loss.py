"""The loss of the small CLIP, against loops written from the paper's equations."""

import math

import torch
import torch.nn.functional as F
from open_clip import ClipLoss
from torch import Tensor

from scripts.small_clip.loss import label_aware_loss


def unit(rows: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(rows, 5, generator=generator, dtype=torch.float64), dim=1)


def slow_loss(images: Tensor, texts: Tensor, scale: float, labels: list[int]) -> float:
    total = 0.0
    for rows, columns in ((images, texts), (texts, images)):
        for i, own in enumerate(labels):
            exponents = [math.exp(scale * float(rows[i] @ column)) for column in columns]
            partners = [j for j, other in enumerate(labels) if other == own]
            shares = [math.log(exponents[j] / sum(exponents)) for j in partners]
            total -= sum(shares) / len(partners) / len(labels) / 2
    return total


def test_loss_is_the_papers() -> None:
    images, texts, labels = unit(7, 0), unit(7, 1), [0, 1, 0, 2, 2, 2, 3]
    found = label_aware_loss(images, texts, torch.tensor(9.0), torch.tensor(labels))
    torch.testing.assert_close(
        found, torch.tensor(slow_loss(images, texts, 9.0, labels)), rtol=0, atol=1e-5
    )


def test_loss_without_a_class_in_common_is_clips_own() -> None:
    images, texts = unit(6, 2).float(), unit(6, 3).float()
    scale = torch.tensor(20.0)
    found = label_aware_loss(images, texts, scale, torch.arange(6))
    torch.testing.assert_close(found, ClipLoss()(images, texts, scale))
