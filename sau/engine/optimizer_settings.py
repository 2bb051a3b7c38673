"""Settings of the optimizer: its kind, its rates, and how they change."""

from typing import Literal

from pydantic import PositiveInt

from sau.engine.backbone_settings import BackboneSettings
from sau.settings.section import setting


class OptimizerSettings(BackboneSettings):
    """What changes the weights, and how fast."""

    learning_rate: float = setting(0.01, "of SGD and AdamW at the start; see schedule", above=0)
    classifier_learning_rate: float = setting(
        1.0, "of the classifier, over that of other heads, in both phases", above=0
    )
    schedule: Literal["cosine", "linear", "step"] = setting(
        "cosine",
        "of the learning rate: half a cosine to 0, a straight line to 0, or divided at step_epochs",
    )
    rate_changes: Literal["epoch", "step"] = setting(
        "epoch",
        "when the rate follows the schedule: with each epoch, as in the published code, or"
        " with each step, in both phases",
    )
    step_epochs: list[PositiveInt] = setting(
        [160, 180],
        "epochs after which the rate falls",
        unit="epochs",
        only_with={"schedule": "step"},
    )
    step_factor: float = setting(
        0.1,
        "what the rate is multiplied with each time",
        above=0,
        maximum=1,
        only_with={"schedule": "step"},
    )
    warmup_epochs: int = setting(
        0, "epochs in which the rate rises linearly, before the schedule", unit="epochs", minimum=0
    )
    momentum: float = setting(
        0.9, "of SGD and Muon", minimum=0, maximum=1, only_with={"optimizer": ["sgd", "muon"]}
    )
    weight_decay: float = setting(
        5e-3, "of SGD, and of AdamW decoupled, on what weight_decay_of says", minimum=0
    )
    weight_decay_of: Literal["all", "matrices"] = setting(
        "all", "parameters that decay: all, or matrices and kernels alone, not biases and BatchNorm"
    )
    nesterov: bool = setting(
        False, "Nesterov's form of momentum", only_with={"optimizer": ["sgd", "muon"]}
    )
    optimizer: Literal["sgd", "muon", "adamw"] = setting(
        "sgd",
        "SGD; Muon: SGD with orthogonal steps of the hidden layers' weights; or AdamW, with "
        "betas 0.9 and 0.999",
    )
    muon_learning_rate: float = setting(
        0.02,
        "of the hidden layers' weights, at the start; it follows the schedule too, and in a second "
        "phase stands to that phase's learning_rate as in the first",
        above=0,
        only_with={"optimizer": "muon"},
    )
    muon_weight_decay: float = setting(
        0.05,
        "of the hidden layers' weights, decoupled, in both phases",
        minimum=0,
        only_with={"optimizer": "muon"},
    )
    muon_others: Literal["sgd", "adamw"] = setting(
        "sgd",
        "what changes the other weights: SGD, or AdamW with betas 0.9 and 0.95",
        only_with={"optimizer": "muon"},
    )
    muon_steps: int = setting(
        5,
        "iterations that make a step orthogonal",
        minimum=1,
        only_with={"optimizer": "muon"},
    )
    muon_layers: Literal["all", "encoder"] = setting(
        "all",
        "hidden weights with orthogonal steps: of encoder and projection head, or of the encoder"
        " alone; the head's then follow SGD",
        only_with={"optimizer": "muon"},
    )
    muon_fixed_norm: bool = setting(
        False,
        "scale the hidden weights before each step, so that their outputs have a norm of 1 each on"
        " average; where BatchNorm follows, no result of the network depends on it",
        only_with={"optimizer": "muon"},
    )
    sharpness_radius: float = setting(
        0.0, "rho of sharpness-aware minimisation, two passes a step; 0: plain SGD", minimum=0
    )
