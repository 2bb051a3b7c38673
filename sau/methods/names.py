"""Names of what a training run can be given: its method and its data."""

from typing import Literal

MethodName = Literal[
    "balanced_softmax",
    "bcl",
    "cb_focal",
    "cross_entropy",
    "cutmix",
    "glmc",
    "hybrid_sc",
    "ldam_drw",
    "logit_adjustment",
    "max_norm",
    "mixup",
    "paco",
    "proco",
    "sau",
    "sure",
]
"""A method, as its module in sau.methods is called."""

DataName = Literal["real", "balanced"]
"""The long-tailed real images alone, or the set that synthetic images balance."""
