"""Names of encoders, known without loading the libraries that build them."""

import re

CIFAR = ("resnet8", "resnet20", "resnet32", "resnet44", "resnet56")
WHITENED = "whitened_cnn"
TORCHVISION = ("resnet18", "resnet50", "resnext50_32x4d")
LIBRARIES = ("timm", "open_clip")
"""Of these any model will do, as LIBRARY/NAME."""

_FROM_LIBRARY = re.compile(rf"({'|'.join(LIBRARIES)})/[A-Za-z0-9][A-Za-z0-9_.-]*")


def distributions_of(backbone: str) -> tuple[str, ...]:
    """Return the packages, by their names on the index, whose version a network depends on."""
    of_library = {"timm": ("timm",), "open_clip": ("open_clip_torch", "timm")}
    return "torch", "torchvision", *of_library.get(backbone.partition("/")[0], ())


def is_backbone(name: str) -> bool:
    """Return whether a name is that of an encoder, or looks like one of a library's."""
    return name in (*CIFAR, WHITENED, *TORCHVISION) or is_from_library(name)


def is_from_library(name: str) -> bool:
    """Return whether a name stands for a model of timm or open_clip."""
    return _FROM_LIBRARY.fullmatch(name) is not None
