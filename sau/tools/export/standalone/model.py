"""A trained image classifier in plain PyTorch: what `load` makes of the files beside this one.

from model import load, read_image

classifier = load(".")
probabilities = classifier(read_image("photo.jpg", classifier.size)[None])[0]
print(classifier.class_names[int(probabilities.argmax())], float(probabilities.max()))
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from safetensors.torch import load_file
from torch import Tensor, nn

TEST_SHARE = 224 / 256
"""Of the resized image's side, what the centre view is."""


class Classifier(nn.Module):
    """Bytes of images to class probabilities, preprocessing included.

    Args:
        config: what config.json holds.
        encoder: maps images to features; None for the one that the config names.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: Mapping[str, Any], encoder: nn.Module | None = None) -> None:
        super().__init__()
        self.config = dict(config)
        self.class_names: list[str] = list(config["class_names"])
        self.size: tuple[int, int] = (config["size"][0], config["size"][1])
        self.view, size = make_view(config["crop_size"], self.size)
        for name in ("mean", "std"):
            value = torch.tensor(config[name]).view(3, 1, 1)
            self.register_buffer(name, value, persistent=False)
        side = config["input_size"]
        self.entrance = nn.Identity() if side is None else Resize(size, side, config["resizing"])
        self.encoder = make_encoder(config) if encoder is None else encoder
        is_cosine = config["classifier"] == "cosine"
        classes = len(self.class_names)
        self.classifier = nn.Linear(config["features"], classes, bias=not is_cosine)

    def forward(self, images: Tensor) -> Tensor:
        """Map RGB images, uint8 (B, 3, H, W) of `size`, to probabilities, float32 (B, C)."""
        normalised = (self.view(images.to(torch.float32) / 255) - self.mean) / self.std
        shown = shown_views(normalised, self.config["test_views"])
        found = [weight * self.scores(view).softmax(dim=1) for weight, view in shown]
        return torch.stack(found).sum(dim=0)

    def scores(self, normalised: Tensor) -> Tensor:
        """Map normalised images to class scores, float32 (B, C)."""
        features = self.encoder(self.entrance(normalised))
        if self.config["classifier"] != "cosine":
            scores: Tensor = self.classifier(features)
            return scores
        directions = F.normalize(self.classifier.weight, dim=1)
        scale: float = self.config["classifier_scale"]
        return scale * F.linear(F.normalize(features, dim=1), directions)


def shown_views(images: Tensor, kind: str) -> list[tuple[float, Tensor]]:
    """Return the views whose probabilities are averaged, with their weights.

    Args:
        images: normalised (B, 3, H, W).
        kind: whole; flip, with the mirror image; or flip_and_shift, half of the weight on both
            moved by a pixel to either side.
    """
    if kind == "whole":
        return [(1.0, images)]
    height, width = images.shape[2:]
    views = [(1.0 if kind == "flip" else 0.5, images)]
    if kind == "flip_and_shift":
        padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
        views += [(0.25, padded[:, :, at : at + height, at : at + width]) for at in (0, 2)]
    return [(weight / 2, side) for weight, view in views for side in (view, view.flip(3))]


class Wrapped(nn.Module):
    """A network of another package, without its classifier."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images to features (B, F)."""
        features: Tensor = self.network(images)
        return features


def make_encoder(config: Mapping[str, Any]) -> nn.Module:
    """Return the encoder that a config names, its weights still to be loaded."""
    library, name = config["encoder"]["library"], config["encoder"]["name"]
    if library == "timm":
        import timm

        arguments = config["encoder"]["arguments"]
        return Wrapped(timm.create_model(name, pretrained=False, num_classes=0, **arguments))
    if library == "torchvision":
        import torchvision

        network = getattr(torchvision.models, name)(weights=None)
        network.fc = nn.Identity()
        return Wrapped(network)
    width: int = config["encoder"]["width"]
    if name == "whitened_cnn":
        from sau.networks.whitened_cnn import WhitenedCnn

        return WhitenedCnn(width)
    from sau.networks.resnet_cifar import ResNetCifar

    return ResNetCifar(int(name.removeprefix("resnet")), width)


class Resize(nn.Module):
    """Images of one size to squares, antialiased.

    Resizing is linear, so it is a product with a matrix for the rows and one for the columns: other
    than PyTorch's own, it is the same in every runtime.

    Args:
        size: height and width of the images.
        side: of the squares.
        interpolation: bilinear or bicubic.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, size: tuple[int, int], side: int, interpolation: str) -> None:
        super().__init__()
        for name, old in zip(("rows", "columns"), size, strict=True):
            matrix = resizing_matrix(old, side, interpolation)
            self.register_buffer(name, matrix, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Map float (B, 3, H, W) to (B, 3, side, side)."""
        return self.rows @ images @ self.columns.T


class Centre(nn.Module):
    """The centre square of images.

    Args:
        old: side of the images.
        new: side of the square.
    """

    def __init__(self, old: int, new: int) -> None:
        super().__init__()
        self.start = round((old - new) / 2)
        self.end = self.start + new

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, old, old) to (B, 3, new, new)."""
        return images[:, :, self.start : self.end, self.start : self.end]


def make_view(side: int | None, size: tuple[int, int]) -> tuple[nn.Module, tuple[int, int]]:
    """Return what cuts the view that is tested out of images of a size, and the view's own size."""
    if side is None:
        return nn.Identity(), size
    whole = round(side / TEST_SHARE)
    return nn.Sequential(Resize(size, whole, "bilinear"), Centre(whole, side)), (side, side)


def resizing_matrix(old: int, new: int, interpolation: str) -> Tensor:
    """Return what maps `old` pixels in a row to `new` ones, float32 (new, old)."""
    pixels = torch.eye(old).view(1, 1, old, old)
    size = (new, old)
    found = F.interpolate(pixels, size, mode=interpolation, align_corners=False, antialias=True)
    return found.view(new, old)


def read_image(path: str | Path, size: tuple[int, int]) -> Tensor:
    """Return an image file as uint8 (3, H, W) of `size`, as the training images were made.

    Upright by EXIF, 16 bits a channel scaled to 8, what is transparent on white; then resized with
    Lanczos and the centre cut out.
    """
    with Image.open(path) as opened:
        image = to_rgb(ImageOps.exif_transpose(opened))
    height, width = size
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an image with 8 bits a channel, without transparency."""
    if image.mode == "I" or image.mode.startswith("I;16"):
        greys = np.rint(np.asarray(image) / 257)  # 65535 = 257 * 255
        return Image.fromarray(greys.clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        page = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(page, layered)
    return image.convert("RGB")


def load(folder: str | Path) -> Classifier:
    """Return the classifier of a folder, in eval mode."""
    folder = Path(folder)
    classifier = Classifier(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    classifier.load_state_dict(load_file(folder / "model.safetensors"))
    return classifier.eval()
