"""A classifier that starts from what a pretrained encoder sees of each class."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from sau.core.errors import ArgumentError
from sau.data.sets import TrainingData
from sau.engine.backbone import Backbone
from sau.engine.prediction import TEST_BATCH
from sau.engine.settings import TrainingSettings
from sau.networks import Network
from sau.networks.encoder import split_name
from sau.templates.templates import fill
from sau.views import ViewOptions, test_view

TEMPLATE = "a photo of {article} {name}."
"""CLIP's own for classes of things; a or an by the first letter."""


def start_classifier(
    network: Network,
    settings: TrainingSettings,
    backbone: Backbone,
    data: TrainingData,
    class_names: Sequence[str],
    views: ViewOptions,
) -> None:
    """Set the first weights of a cosine classifier, as the settings want it.

    Args:
        network: with its pretrained encoder.
        settings: of the run.
        backbone: what the encoder starts from.
        data: the training images, on the network's device.
        class_names: C, in label order; needed for texts.
        views: how images are normalised.

    Raises:
        ArgumentError: texts of classes without names, or of weights that are not a whole model's.
    """
    if settings.classifier_start == "class_means":
        start_at_class_means(network, data, views)
    elif settings.classifier_start == "texts":
        start_at_texts(network, settings, backbone, class_names)


@torch.no_grad()
def start_at_texts(
    network: Network, settings: TrainingSettings, backbone: Backbone, class_names: Sequence[str]
) -> None:
    """Set each class's weight to the features of its name in `TEMPLATE`, as open_clip reads it.

    Source: Shi et al. (below), section 4.3, for CLIP.
    """
    if not class_names:
        raise ArgumentError(
            "classifier_start: texts, but the classes have no names here; choose class_means"
        )
    from sau.networks.pretrained.texts import text_features  # open_clip takes seconds to load

    assert backbone.weights is not None
    texts = [fill(TEMPLATE, name) for name in class_names]
    features = text_features(split_name(settings.backbone)[1], backbone.weights, texts)
    network.classifier.weight.copy_(features)


@torch.no_grad()
def start_at_class_means(network: Network, data: TrainingData, views: ViewOptions) -> None:
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
