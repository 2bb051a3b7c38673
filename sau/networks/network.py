"""Encoder, classifier and projection head as one model that saves itself."""

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.device.compiling import GRAPHS, compile_network
from sau.device.share import SharesRows
from sau.networks.classifier import ClassifierKind, make_classifier
from sau.networks.encoder import Encoder, make_encoder
from sau.networks.initialise import initialise, seeded
from sau.networks.low_rank import is_adapted, learning_weights
from sau.networks.projection import Projection
from sau.networks.resizing import Interpolation, resized
from sau.networks.resnet_cifar import ResNetCifar
from sau.networks.saved import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    WEIGHTS_HASH,
    checked_config,
    contiguous_state,
    merged_state,
)
from sau.storage.folders import new_folder
from sau.storage.sealed import sealed_text

_MISFIT = (ValueError, LookupError, TypeError, AttributeError, RuntimeError)
_UNLOADABLE = (OSError, *_MISFIT, SafetensorError)
OTHER_BACKBONE = "other"
"""Stands in the config of a network around an encoder that somebody else has made."""


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """What a network is built from.

    `backbone`: CIFAR's resnet20, resnet32 and the like, whitened_cnn, one of torchvision's,
    `timm/NAME` or `open_clip/NAME`; `width`: channels of its first blocks, 0 for the latter two;
    `classes`: C; `projection_hidden` and `projection_size`: of the projection head; None for both
    where there is no such head; `classifier` and `classifier_scale`: linear, or cosine with that
    scale; `input_size`: side in pixels to which images are resized at the entrance, by
    `interpolation`; None: they stay as they are. Weights are random, and come from nowhere but a
    seed.
    """

    backbone: str
    width: int
    classes: int
    projection_hidden: int | None = None
    projection_size: int | None = None
    classifier: ClassifierKind = "linear"
    classifier_scale: float = 1.0
    input_size: int | None = None
    interpolation: Interpolation = "bicubic"


class Network(SharesRows, nn.Module):
    """An encoder with a classifier and, where the method has a use for it, a projection.

    While it has a share of a batch, encoder and projection head work on this process's own rows:
    images are those of its own rows, and features, scores and embeddings those of all rows.

    Args:
        config: what to build.
        seed: of the first weights; the global random generator is left as it was.
        precision: of the layers, torch.float32, or torch.bfloat16 for autocast to it; weights and
            results are float32 in any case.
        encoder: an encoder that is there, with its weights, in place of the config's; `around`
            makes the config for it.
        feature_size: F of that encoder.
    """

    def __init__(
        self,
        config: NetworkConfig,
        seed: int = 0,
        precision: torch.dtype = torch.float32,
        *,
        encoder: nn.Module | None = None,
        feature_size: int = 0,
    ) -> None:
        super().__init__()
        self.config = config
        self.precision = precision
        self.recorded = False
        with seeded(seed):
            if encoder is None:
                encoder = make_encoder(config.backbone, config.width, config.input_size)
                feature_size = cast(Encoder, encoder).feature_size
                # The others draw their weights themselves.
                ours = isinstance(encoder, ResNetCifar)
            else:
                ours = False
            self.encoder: nn.Module = encoder
            self.classifier = make_classifier(
                config.classifier, feature_size, config.classes, config.classifier_scale
            )
            self.projection: Projection | None = None
            if config.projection_hidden is not None and config.projection_size is not None:
                self.projection = Projection(
                    feature_size, config.projection_hidden, config.projection_size
                )
            for module in self.children():
                if module is not self.encoder or ours:
                    initialise(module)
        self.to(memory_format=torch.channels_last)

    @classmethod
    def around(
        cls,
        encoder: nn.Module,
        *,
        feature_size: int,
        classes: int,
        projection_size: int | None = None,
        projection_hidden: int = 2048,
        classifier: ClassifierKind = "linear",
        classifier_scale: float = 1.0,
        seed: int = 0,
        precision: torch.dtype = torch.float32,
    ) -> Self:
        """Build classifier and projection head on an encoder, which becomes a part of the network.

        Args:
            encoder: maps images (B, 3, H, W) to features (B, F), such as
                `timm.create_model("resnet18", num_classes=0)`.
            feature_size: F, such as timm's `encoder.num_features`.
            classes: C.
            projection_size: d of the embeddings; None for no projection head.
            projection_hidden: units of its two hidden layers.
            classifier: see `NetworkConfig`, as for `classifier_scale`.
            classifier_scale: of a cosine classifier's scores.
            seed: of the heads' first weights.
            precision: see the class.
        """
        config = NetworkConfig(
            backbone=OTHER_BACKBONE,
            width=0,
            classes=classes,
            projection_hidden=None if projection_size is None else projection_hidden,
            projection_size=projection_size,
            classifier=classifier,
            classifier_scale=classifier_scale,
        )
        return cls(config, seed, precision, encoder=encoder, feature_size=feature_size)

    def features(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to features, float32 (B, F)."""
        features = self._encode(images)
        return self.share.gather(features) if self.share else features

    def classify(self, features: Tensor) -> Tensor:
        """Map features (B, F) to class scores, float32 (B, C), computed in float32.

        In bfloat16 two classes often have the same score, and the first of them, in a long tail the
        larger class, would win.
        """
        with torch.autocast(features.device.type, enabled=False):
            scores: Tensor = self.classifier(features.float())
        return scores

    def project(self, features: Tensor) -> Tensor:
        """Map features (B, F) to `z`, float32 (B, d), of length 1."""
        if self.share is None:
            return self._project(features)
        return self.share.gather(self._project(self.share.take(features)))

    def logits(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to class scores, float32 (B, C)."""
        return self.classify(self.features(images))

    def embeddings(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to `z`, float32 (B, d), of length 1."""
        embeddings = self._project(self._encode(images))
        return self.share.gather(embeddings) if self.share else embeddings

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to class scores, float32 (B, C)."""
        return self.logits(images)

    def _encode(self, images: Tensor) -> Tensor:
        images = resized(images, self.config.input_size, self.config.interpolation)
        return self.through(self.encoder, images.contiguous(memory_format=torch.channels_last))

    def _project(self, features: Tensor) -> Tensor:
        if self.projection is None:
            raise ValueError("this network was built without a projection head")
        return self.through(self.projection, features)

    def through(self, module: nn.Module, inputs: Tensor) -> Tensor:
        """Apply a module in the network's precision; views and losses stay outside autocast."""
        enabled = self.precision != torch.float32
        with torch.autocast(inputs.device.type, self.precision, enabled=enabled):
            output: Tensor = module(inputs)
        # A recorded graph writes its next result over this one.
        return output.float().clone() if self.recorded else output.float()

    def compile_layers(self, mode: str) -> None:
        """Let encoder and projection be compiled for each shape of batch that they meet.

        Weights, their names and what is saved stay as they are; sums may round differently. A copy
        of the network is not compiled.

        Args:
            mode: of `torch.compile`.
        """
        self.recorded = mode == GRAPHS
        for module in (self.encoder, self.projection):
            if module is not None:
                compile_network(module, mode)

    def parameter_counts(self) -> dict[str, int]:
        """Return the number of parameters that are trained, and of those that a test needs."""
        matrices = learning_weights(self.encoder) if is_adapted(self.encoder) else []
        at_test = _count(self.encoder) - sum(map(Tensor.numel, matrices)) + _count(self.classifier)
        return {"trained": _count(self), "at_test": at_test}

    def save_pretrained(self, folder: Path, **facts: Any) -> None:
        """Write `config.json` and `model.safetensors`; the folder appears whole or not at all.

        Low-rank matrices beside weights are added to them, so that loading needs none.

        Args:
            folder: where to; what stood there before is replaced.
            facts: what else stands in `config.json` (class names, provenance), as JSON values.

        Raises:
            UserError: the folder cannot be written.
        """
        with new_folder(folder, replace=True) as temporary:
            self.write_pretrained(temporary, contiguous_state(self), **facts)

    def write_pretrained(self, folder: Path, state: Mapping[str, Tensor], **facts: Any) -> None:
        """Write the files of `save_pretrained` into a folder that is made and put in place outside.

        Args:
            folder: an empty one.
            state: weights by name, such as those of an earlier epoch; row-major, on the CPU.
            facts: see `save_pretrained`.
        """
        if is_adapted(self.encoder):
            state = merged_state(self, state)
        weights = save(dict(state))
        config = dataclasses.asdict(self.config) | {"parameters": self.parameter_counts()} | facts
        config |= {WEIGHTS_HASH: hashlib.sha256(weights).hexdigest()}
        (folder / WEIGHTS_FILE).write_bytes(weights)
        (folder / CONFIG_FILE).write_bytes(sealed_text(config, indent=2).encode())

    @classmethod
    def from_pretrained(cls, folder: Path, encoder: nn.Module | None = None) -> Self:
        """Load a network that `save_pretrained` wrote, in eval mode.

        Args:
            folder: what `save_pretrained` wrote.
            encoder: of the same kind as the one that `around` was given, to take its weights; None
                for a network with an encoder of this package.

        Raises:
            UserError: a file of it is missing or unreadable.
        """
        try:
            config = checked_config(folder)
            # Models of early versions lack the newest fields.
            names = [f.name for f in dataclasses.fields(NetworkConfig) if f.name in config]
            if encoder is None and config["backbone"] == OTHER_BACKBONE:
                raise UserError(
                    f"{folder}: its encoder is not one of this package; give one like it"
                )
            weights = load_file(folder / WEIGHTS_FILE)
            network = cls(
                NetworkConfig(**{name: config[name] for name in names}),
                encoder=encoder,
                feature_size=weights["classifier.weight"].shape[1],
            )
            network.load_state_dict(weights)
        except _UNLOADABLE as error:
            why = one_line(str(error))
            raise UserError(
                f"{folder}: no model of the training stage ({why}); train it again"
            ) from error
        return network.eval()


def _count(module: nn.Module) -> int:
    return sum(math.prod(parameter.shape) for parameter in module.parameters())
