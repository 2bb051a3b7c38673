"""Batches for the contrastive loss, and the strategies to try on them."""

import dataclasses
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.losses.contrastive import NoiseStrategy, synthetic_aware_loss

STRATEGIES: list[NoiseStrategy] = ["drop", "pos_neg", "neg_only"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


@dataclasses.dataclass
class Case:
    features: Tensor
    labels: Tensor
    is_synthetic: Tensor
    prototypes: Tensor

    def loss(self, strategy: NoiseStrategy, **changes: Any) -> tuple[Tensor, Tensor]:
        options: dict[str, Any] = {"temperature": 0.2, "neighbours": 1} | changes
        return synthetic_aware_loss(
            self.features,
            self.labels,
            self.is_synthetic,
            self.prototypes,
            noise_strategy=strategy,
            **options,
        )


def draw(generator: Generator, count: int, classes: int, spread: float, share: float) -> Case:
    centres = F.normalize(torch.randn(classes, 2, 5, generator=generator), dim=2)
    labels = torch.randint(0, classes, (count,), generator=generator)
    noise = spread * torch.randn(count, 2, 5, generator=generator)
    is_synthetic = torch.rand(count, generator=generator) < share
    return Case(F.normalize(centres[labels] + noise, dim=2), labels, is_synthetic, centres)
