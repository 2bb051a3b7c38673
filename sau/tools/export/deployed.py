"""A trained model as the plain PyTorch module that exported folders hold."""

from typing import Any

import torch
from torch import Tensor, nn

from sau.assets.trained_model import TrainedModel
from sau.networks.encoder import TORCHVISION
from sau.networks.resnet_cifar import ResNetCifar
from sau.networks.saved import contiguous_state
from sau.networks.whitened_cnn import WhitenedCnn
from sau.tools.export.standalone.model import Classifier

PROBES, SEED = 3, 0
"""Images of random pixels on which two networks are compared, and what they are drawn from."""

HERE = "this folder"
"""The library of encoders whose code goes into the folder."""

TOLERANCE = 1e-4
"""By which a probability, or a score, may differ from this package's."""


def deployed_config(model: TrainedModel) -> dict[str, Any]:
    """Return what `Classifier` is built from, as JSON values.

    Raises:
        UserError: never; an encoder that no plain module can name gets the library `other`.
    """
    network, preprocessing = model.network, model.preprocessing
    return {
        "class_names": model.class_names,
        "size": preprocessing.size,
        "crop_size": preprocessing.crop_size,
        "mean": preprocessing.mean,
        "std": preprocessing.std,
        "test_views": preprocessing.test_views,
        "input_size": getattr(network.config, "input_size", None),
        "resizing": getattr(network.config, "interpolation", "bicubic"),
        "encoder": encoder_config(model),
        "features": network.classifier.weight.shape[1],
        "classifier": network.config.classifier,
        "classifier_scale": network.config.classifier_scale,
        "weights_sha256": model.weights_sha256,
    }


def encoder_config(model: TrainedModel) -> dict[str, Any]:
    """Return what the encoder is called, and where: library, name, width and arguments."""
    config, encoder = model.network.config, model.network.encoder
    library, _, name = config.backbone.rpartition("/")
    if isinstance(encoder, ResNetCifar | WhitenedCnn):
        library = HERE
    elif config.backbone in TORCHVISION:
        library = "torchvision"
    arguments = {}
    if library == "timm":
        network = encoder.network
        side = getattr(config, "input_size", None)
        is_sized = getattr(network, "pretrained_cfg", {}).get("fixed_input_size", False)
        arguments = {"img_size": side} if is_sized and side else {}
    return {"library": library, "name": name, "width": config.width, "arguments": arguments}


def deploy(model: TrainedModel) -> Classifier:
    """Return the module, in eval mode, float32, with the model's own encoder."""
    network = model.network
    classifier = Classifier(deployed_config(model), network.encoder)
    classifier.load_state_dict(deployed_state(model))
    return classifier.eval()


def deployed_state(model: TrainedModel) -> dict[str, Tensor]:
    """Return the weights that a test needs, by name."""
    state = contiguous_state(model.network)
    return {name: value for name, value in state.items() if not name.startswith("projection.")}


def probe_images(model: TrainedModel) -> Tensor:
    """Return images of random pixels, uint8 (n, 3, H, W) of the model's size."""
    generator = torch.Generator().manual_seed(SEED)
    height, width = model.preprocessing.size
    shape = (PROBES, 3, height, width)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


@torch.no_grad()
def largest_difference(one: Tensor, other: Tensor) -> float:
    """Return the largest absolute difference of two tensors of one shape."""
    return float((one - other).abs().max())


def linear_classifier(network: nn.Module) -> nn.Linear | None:
    """Return the classifier of a timm model, if it is one linear layer with a bias."""
    found = network.get_classifier()  # type: ignore[operator]
    return found if isinstance(found, nn.Linear) and found.bias is not None else None
