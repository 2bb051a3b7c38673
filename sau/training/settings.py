"""Settings of one training run, and of the methods' own options."""

import dataclasses
from typing import Any, ClassVar, Literal

from sau.settings import Section, setting


@dataclasses.dataclass(frozen=True)
class CrossEntropyOptions(Section):
    """Plain cross-entropy has nothing to set."""

    section: ClassVar[str] = "training.options"


@dataclasses.dataclass(frozen=True)
class SauOptions(Section):
    """Options of SAU; the defaults are the paper's."""

    section: ClassVar[str] = "training.options"

    noise_strategy: Literal["pos_neg", "drop", "neg_only"] = setting(
        "pos_neg", "what noisy samples do in the contrastive loss (L2, L1, L3 of the paper)"
    )
    temperature: float = setting(0.1, "of the contrastive loss", above=0)
    neighbours: int = setting(1, "k of the label correction's nearest neighbours", minimum=1)
    mixup_alpha: float = setting(1.0, "MixUp ratio is drawn from Beta(alpha, alpha)", above=0)
    cutmix_alpha: float = setting(1.0, "CutMix ratio is drawn from Beta(alpha, alpha)", above=0)
    cutmix_label: Literal["sampled", "area"] = setting(
        "sampled", "mix labels by the sampled ratio (the paper's code) or by the exact pasted area"
    )
    mixup_weight: float = setting(
        1.0,
        "lambda, weight of the MixUp loss; with this and beta at 0 there is plain cross-entropy",
        minimum=0,
    )
    cutmix_weight: float = setting(1.0, "beta, weight of the CutMix loss", minimum=0)
    contrastive_weight: float = setting(1.0, "gamma, weight of the contrastive loss", minimum=0)


METHOD_OPTIONS: dict[str, type[Section]] = {
    "cross_entropy": CrossEntropyOptions,
    "sau": SauOptions,
}
"""The options of each method, by the method's name."""


@dataclasses.dataclass(frozen=True)
class TrainingSettings(Section):
    """One training run; the defaults are the paper's for CIFAR."""

    section: ClassVar[str] = "training"

    method: Literal["cross_entropy", "sau"] = setting("sau", "what is trained")
    data: Literal["real", "balanced"] = setting(
        "balanced", "the long-tailed real images alone, or balanced with synthetic ones"
    )
    options: dict[str, Any] = setting({}, "the method's own options, as a mapping")
    backbone: Literal["resnet8", "resnet20", "resnet32", "resnet44", "resnet56"] = setting(
        "resnet32", "CIFAR residual network with option-A shortcuts, by depth"
    )
    width: int = setting(16, "channels of the first of three stages", unit="channels", minimum=1)
    projection_hidden: int = setting(
        2048, "units of the projection head's two hidden layers", minimum=1
    )
    projection_size: int = setting(128, "dimension of the contrastive embedding", minimum=2)
    epochs: int = setting(200, "passes over the training set", unit="epochs", minimum=1)
    batch_size: int = setting(128, "images of a batch", unit="images", minimum=2)
    learning_rate: float = setting(0.01, "of SGD at the start; cosine to 0 over the run", above=0)
    momentum: float = setting(0.9, "of SGD", minimum=0, maximum=1)
    weight_decay: float = setting(5e-3, "of SGD, on all parameters", minimum=0)
    horizontal_flip: bool = setting(
        True, "flip images left to right in the views; off where direction matters, as in digits"
    )
    crop_padding: int = setting(4, "zero padding before the random crop", unit="pixels", minimum=0)
    cutout_size: int = setting(16, "side of the Cutout hole", unit="pixels", minimum=0)
    precision: Literal["float32", "bfloat16"] = setting(
        "float32", "of the forward passes; bfloat16 is autocast, losses stay in float32"
    )
    device: Literal["cpu", "cuda"] = setting("cpu", "where to train; never changed in silence")
    threads: int = setting(
        1, "CPU threads; part of the result's identity, sums depend on it", minimum=1
    )
    checkpoint_every: int = setting(1, "epochs between two checkpoints", unit="epochs", minimum=1)
    tensorboard: bool = setting(False, "write TensorBoard logs beside the results")

    def check(self) -> None:
        """Check the method's own options."""
        self.method_options()

    def method_options(self) -> Section:
        """Return the options of the method, typed."""
        return METHOD_OPTIONS[self.method].from_mapping(self.options)
