"""Evaluation on the test set, and on validation images, after an epoch."""

import torch
from torch import Tensor

from sau.data.sets import LabelledImages
from sau.device.ranks import ALONE, Ranks
from sau.engine.state import Predictions
from sau.networks import Network
from sau.views import TestViews, ViewOptions, test_view, views_at_test

TEST_BATCH = 256
"""Images classified at once; more would not fit the caches of a CPU."""


@torch.no_grad()
def predict(
    network: Network,
    data: LabelledImages,
    views: ViewOptions,
    epoch: int,
    *,
    shown: TestViews = "whole",
    ranks: Ranks = ALONE,
) -> Predictions:
    """Classify all of the data's images in eval mode; the network then has its mode back.

    One transfer from the device, at the end.

    Args:
        network: what to test.
        data: the test set, or the validation images.
        views: how to normalise.
        epoch: for the record.
        shown: the views of each image whose probabilities are averaged.
        ranks: the processes that share the images; all of them get all predictions.
    """
    was_training = network.training
    network.eval()
    pieces = torch.split(ranks.own(torch.arange(len(data.ids))), TEST_BATCH)
    found = [
        (*given.max(dim=1), given.gather(1, labels[:, None])[:, 0])
        for given, labels in (
            (probabilities(network, images, views, shown), data.labels[piece])
            for piece, images in zip(pieces, data.images.batches(pieces), strict=True)
        )
    ]
    network.train(was_training)
    columns = [torch.cat(parts) for parts in zip(*found, strict=True)]
    if share := ranks.share(len(data.ids)):
        columns = [share.gather(column) for column in columns]
    confidence, classes, of_label = columns
    right = int((classes == data.labels).sum())
    return Predictions(
        epoch,
        100 * right / len(data.ids),
        classes.to(torch.int32).cpu(),
        confidence.cpu(),
        of_label.cpu(),
    )


def class_balanced_top1(predicted: Tensor, labels: Tensor) -> float:
    """Return top-1 in percent as the mean over classes of each class's accuracy.

    A class without images does not count, and of a long-tailed set each of the others counts the
    same, however few it has.

    Args:
        predicted: integers (N,), N at least 1.
        labels: int64 (N,), on the same device.
    """
    seen = torch.bincount(labels)
    right = torch.bincount(labels[predicted == labels], minlength=len(seen))
    return float(100 * (right[seen > 0].double() / seen[seen > 0]).mean())


def probabilities(network: Network, images: Tensor, views: ViewOptions, shown: TestViews) -> Tensor:
    """Return the class probabilities, float32 (B, C), of uint8 images (B, 3, H, W).

    They are the weighted mean over the views that are shown of each.
    """
    found = [
        weight * network.logits(part).softmax(dim=1)
        for weight, part in views_at_test(test_view(images, views), shown)
    ]
    return torch.stack(found).sum(dim=0)
