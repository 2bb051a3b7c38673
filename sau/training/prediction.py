"""Evaluation on the test set after an epoch."""

import torch

from sau.training.data import TestData
from sau.training.models import Network
from sau.training.state import Predictions
from sau.training.views import Normalisation

TEST_BATCH = 256
"""Images classified at once; more would not fit the caches of a CPU."""


@torch.no_grad()
def predict(
    network: Network, data: TestData, normalisation: Normalisation, epoch: int
) -> Predictions:
    """Classify all test images in eval mode; the network is then in train mode again.

    One transfer from the device, at the end.
    """
    network.eval()
    predicted, confidence = [], []
    for images in torch.split(data.images, TEST_BATCH):
        logits = network.logits(normalisation.from_bytes(images))
        highest = torch.softmax(logits, dim=1).max(dim=1)
        predicted.append(highest.indices)
        confidence.append(highest.values)
    network.train()
    classes = torch.cat(predicted)
    right = int((classes == data.labels).sum())
    return Predictions(
        epoch,
        100 * right / len(data.ids),
        classes.to(torch.int32).cpu(),
        torch.cat(confidence).cpu(),
    )
