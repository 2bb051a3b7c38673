"""Settings of the network that is trained, and of the weights that it starts from."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticKnownError

from sau.engine.backbone_names import (
    CIFAR,
    LIBRARIES,
    TORCHVISION,
    WHITENED,
    is_backbone,
    is_from_library,
)
from sau.settings.paths import PathText
from sau.settings.section import Section, setting

CIFAR_WIDTH, IMAGENET_WIDTH, WHITENED_WIDTH = 16, 64, 64
"""Channels of the first blocks where none are set: those of each network's authors."""

NO, YES = "no", "yes"
"""Values of `pretrained` that are no path."""


def _known(name: str) -> str:
    if not is_backbone(name):
        choices = [*CIFAR, WHITENED, *TORCHVISION, *(f"{library}/NAME" for library in LIBRARIES)]
        expected = ", ".join(f"'{choice}'" for choice in choices)
        raise PydanticKnownError("literal_error", {"expected": expected})
    return name


def _word(value: object) -> object:
    """Return what YAML 1.1 and `--config` make of the bare words yes and no as those words."""
    if isinstance(value, bool):
        return YES if value else NO
    return {"true": YES, "false": NO}.get(value, value) if isinstance(value, str) else value


BackboneName = Annotated[str, AfterValidator(_known)]
PretrainedText = Annotated[
    PathText,
    BeforeValidator(_word),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string"}]}),
]


class BackboneSettings(Section):
    """What the network is, what it starts from, and which of it learns how fast."""

    backbone: BackboneName = setting(
        "resnet32",
        "CIFAR residual network with option-A shortcuts by depth (resnet8 to resnet56); "
        "whitened_cnn, a small network for short training; "
        "torchvision's resnet18, resnet50, resnext50_32x4d; timm/NAME, such as timm/resnet50 or "
        "timm/vit_base_patch16_clip_224.openai; or open_clip/NAME, an image tower, such as "
        "open_clip/ViT-B-32.openai",
    )
    width: int | None = setting(
        None,
        "channels of the first blocks; null: 16 for a CIFAR network, 64 for whitened_cnn; "
        "torchvision's have 64",
        unit="channels",
        minimum=1,
    )
    pretrained: PretrainedText = setting(
        NO,
        "weights that a backbone of timm or open_clip starts from: no, for random ones; yes, for "
        "those published under its name; or a .safetensors or .pth file, or a folder as timm, "
        "open_clip or Hugging Face write it. The model's own mean and standard deviation then "
        "replace the data set's",
    )
    input_size: int | None = setting(
        None,
        "side to which the network resizes views and test images; null: with pretrained weights "
        "the model's own, else as the images are",
        unit="pixels",
        minimum=4,
    )
    freeze: Literal["none", "backbone"] = setting(
        "none",
        "what does not learn: nothing, or the backbone, BatchNorm statistics and all (linear "
        "probe, where the method has no head of its own)",
    )
    backbone_learning_rate: float = setting(
        1.0,
        "of the backbone, over that of classifier and heads",
        above=0,
        only_with={"freeze": "none"},
    )
    layer_decay: float = setting(
        1.0,
        "factor of the learning rate from each layer of a timm or open_clip backbone to the one "
        "before it; 1: none",
        above=0,
        maximum=1,
        only_with={"freeze": "none"},
    )
    lora_rank: int = setting(
        0,
        "rank of the matrices that alone learn in a transformer backbone, beside its attention "
        "and its MLPs (LoRA, by peft); 0: all weights learn",
        minimum=0,
        only_with={"freeze": "none"},
    )
    classifier: Literal["linear", "cosine"] = setting(
        "linear", "scores by a product with the features, or by their cosine; some methods say"
    )
    classifier_scale: float = setting(
        25.0, "of the cosine's scores", above=0, only_with={"classifier": "cosine"}
    )
    classifier_start: Literal["random", "class_means", "texts"] = setting(
        "random",
        "first weights of the classifier: drawn; each class's mean feature by the pretrained "
        "backbone; or, of open_clip, the features of `a photo of a NAME.`",
        only_with={"classifier": "cosine"},
    )

    def is_torchvision(self) -> bool:
        """Return whether the backbone is one of torchvision's, made for large images."""
        return self.backbone in TORCHVISION

    def channels(self) -> int:
        """Return the channels of the backbone's first blocks; 0 for those of other libraries."""
        if is_from_library(self.backbone):
            return 0
        if self.backbone == WHITENED:
            return self.width or WHITENED_WIDTH
        return self.width or (IMAGENET_WIDTH if self.is_torchvision() else CIFAR_WIDTH)

    def starts_pretrained(self) -> bool:
        """Return whether the backbone starts from weights that were trained before."""
        return self.pretrained != NO

    def weights_path(self) -> str:
        """Return the file or folder of weights that is named; empty if there is none."""
        return "" if self.pretrained in (NO, YES) else self.pretrained
