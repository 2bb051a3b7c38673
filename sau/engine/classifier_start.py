"""A classifier that starts from what a pretrained encoder sees of each class."""

import torch
import torch.nn.functional as F

from sau.data.sets import LabelledImages
from sau.engine.prediction import TEST_BATCH
from sau.networks import Network
from sau.views import ViewOptions, test_view


@torch.no_grad()
def start_at_class_means(network: Network, data: LabelledImages, views: ViewOptions) -> None:
    """Set each class's weight to the direction of its images' mean feature.

    A class without images keeps the weight that it has.

    Args:
        network: with a cosine classifier; left in the mode that it has.
        data: the training images, on the network's device.
        views: how they are normalised; nothing of the views is random.

    Source: Shi et al., "Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts" (ICML
    2024), section 4.3, for backbones without texts.
    """
    was_training = network.training
    network.eval()
    weight = network.classifier.weight
    sums = torch.zeros_like(weight)
    pieces = torch.split(torch.arange(len(data.ids)), TEST_BATCH)
    for piece, images in zip(pieces, data.images.batches(pieces), strict=True):
        labels = data.labels[piece.to(data.labels.device)]
        sums.index_add_(0, labels, network.features(test_view(images, views)))
    seen = torch.bincount(data.labels, minlength=len(weight)) > 0
    weight[seen] = F.normalize(sums[seen], dim=1)
    network.train(was_training)
