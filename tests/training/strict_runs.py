"""Runs of the training stage on a strict device, in a process of its own: see tests/accelerator.py.

python -m tests.training.strict_runs FOLDER INPUTS: the folder of the results, and JSON of `Inputs`.
"""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from sau.device.ranks import Ranks
from sau.methods import METHODS, method_class
from tests.accelerator import DEVICE, accelerator, write_waits
from tests.training.conftest import Inputs, assert_goes_on

EPOCHS = 2
BALANCED: dict[str, Any] = {"data": "balanced", "epochs": EPOCHS}
FAST: dict[str, Any] = {
    "method": "sau",
    "backbone": "whitened_cnn",
    "input_size": 16,  # pixels; the test's images are smaller than the network's least
    "optimizer": "muon",
    "muon_fixed_norm": True,
    "muon_others": "adamw",
    "muon_layers": "encoder",
    "flips": "alternating",
    "crop_fill": "reflect",
    "schedule": "linear",
    "rate_changes": "step",
    "classifier_learning_rate": 2.0,
    "test_views": "flip_and_shift",
}
CLASSIFIER = {"method": "max_norm", "data": "real", "epochs": 5, "trained": "classifier"}

BUDGET = {"label_correction": "classifier", "noise_budget": 0.5, "standardise": "per_class"}
SOFT = {
    "label_correction": "similarity",
    "nearest_per_class": 2,
    "frequency_tau": 0.1,
    "prototype_images": 8,
    "score_prior": 0.5,
    "verdict": "soft",
}

RUNS: dict[str, dict[str, Any]] = {
    **{name: BALANCED | {"method": name} for name in METHODS},
    "memory": BALANCED | {"method": "sau", "options": {"search_scope": "memory", "neighbours": 3}},
    "weighted": BALANCED | {"method": "sau", "options": {"weighting": "score"}},
    "budget": BALANCED | {"method": "sau", "options": BUDGET},
    "soft": BALANCED | {"method": "sau", "options": SOFT},
    "sharpness": BALANCED | {"method": "sau", "sharpness_radius": 0.05},
    "averaged-weights": BALANCED | {"method": "mixup", "ema_decay": 0.9, "test_views": "flip"},
    "averaged-epochs": BALANCED | {"method": "mixup", "swa_from": 1, "swa_learning_rate": 0.05},
    "fast-lane": BALANCED | FAST,
    "muon": BALANCED | {"method": "sau", "optimizer": "muon"},
    "two-stages": BALANCED | {"method": "cross_entropy", "second_stage": CLASSIFIER},
    "decoded-on-demand": BALANCED | {"method": "sau", "decode": "on_demand", "decode_workers": 2},
    "imagenet-views": BALANCED | {"method": "paco", "view_set": "imagenet", "crop_size": 8},
    "torchvision": BALANCED | {"method": "cross_entropy", "backbone": "resnet18", "width": None},
}

WAITS = "waits.json"


class CuriousGradient(torch.autograd.Function):
    """Looks at the gradient on its way back."""

    @staticmethod
    def forward(context: Any, value: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        assert gradient.item() == 1
        return gradient


def look(loss: Tensor) -> Tensor:
    """Return the loss, once its value is known."""
    assert loss.item() > 0
    return loss


CURIOUS: dict[str, Callable[[Tensor], Tensor]] = {
    "curious": look,
    "curious-backward": CuriousGradient.apply,
}
"""Runs that wait in each step, by what is done with the loss."""


def main(folder: Path, inputs: Inputs) -> None:
    """Train every run, and one that is killed and goes on; record each one's waits."""
    with patch.object(Ranks, "own_device", lambda *_: nullcontext(DEVICE)):
        for name, settings in RUNS.items():
            _train(folder / name, inputs, settings)
        for name, look_at in CURIOUS.items():
            with patch.object(method_class("cross_entropy"), "loss", _curious_loss(look_at)):
                _train(folder / name, inputs, RUNS["cross_entropy"])
        with accelerator(), pytest.MonkeyPatch.context() as killing:
            assert_goes_on(inputs, folder, killing, 1, **BALANCED, method="sau", ema_decay=0.9)


def _train(folder: Path, inputs: Inputs, settings: Mapping[str, Any]) -> None:
    with accelerator() as device:
        inputs.train(folder, **settings)
    write_waits(folder / WAITS, device)


def _curious_loss(look_at: Callable[[Tensor], Tensor]) -> Any:
    loss = method_class("cross_entropy").loss

    def curious(*arguments: Any) -> Any:
        losses = loss(*arguments)
        return losses | {"total": look_at(losses["total"])}

    return curious


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    parts = {name: [Path(path) for path in paths] for name, paths in given.items()}
    main(Path(sys.argv[1]), Inputs(**parts))
