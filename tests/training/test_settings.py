import re
from typing import Any

import pytest

from sau.core.errors import UserError
from sau.pipeline.training.settings import TrainingSection

SCORED = {"weighting": "score"}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ("", "")),
        ({"options": {"weighting": "score"}}, ("options.weighting", "uniform")),
        (
            {"options": {"label_correction": "similarity", "score_prior": 0.5}},
            ("options.score_prior", "0"),
        ),
        (
            {"second_stage": {"method": "sau", "data": "balanced", "options": SCORED}},
            ("second_stage.options.weighting", "uniform"),
        ),
    ],
)
def test_option_that_reads_scores(changes: dict[str, Any], found: tuple[str, str]) -> None:
    assert TrainingSection(**changes).score_option() == found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"warmup_epochs": 10, "epochs": 10}, "training.warmup_epochs: 10 of 10 epochs"),
        ({"schedule": "step", "epochs": 60}, "training.step_epochs: [160, 180] has no epoch"),
        (
            {"second_stage": {"schedule": "step", "step_epochs": [10]}},
            "training.second_stage.step_epochs: [10] has no epoch",
        ),
        ({"nesterov": True, "momentum": 0.0}, "training.nesterov: true, but"),
        (
            {"optimizer": "muon", "muon_layers": "encoder", "freeze": "backbone"},
            "training.muon_layers: encoder, but training.freeze is backbone",
        ),
        (
            {"flips": "alternating", "horizontal_flip": False},
            "training.flips: alternating, but training.horizontal_flip is false",
        ),
        ({"ema_decay": 0.9, "swa_from": 3}, "set this or training.swa_from, not both"),
        ({"swa_from": 201}, "beyond the last epoch, 200"),
        ({"swa_learning_rate": 0.1}, "training.swa_learning_rate: 0.1 has no effect"),
        (
            {"swa_from": 205, "second_stage": {"trained": "classifier"}},
            "training.swa_from: 205 lies in the second phase",
        ),
        (
            {"data": "real", "options": {"weighting": "score"}},
            "training.options.weighting: score has no effect with training.data: real",
        ),
        (
            {"second_stage": {"method": "sau", "options": {"weighting": "score"}}},
            "training.second_stage.options.weighting: score has no effect",
        ),
        (
            {"data": "real", "options": {"prototype_images": 9}},
            "training.options.prototype_images: 9 has no effect with training.data: real",
        ),
        (
            {"data": "real", "options": {"batch_norm": "apart"}},
            "training.options.batch_norm: apart has no effect with training.data: real",
        ),
        (
            {"processes": 2, "options": {"batch_norm": "apart"}},
            "training.options.batch_norm: apart, but training.processes is 2",
        ),
        (
            {"options": {"weighting": "domain", "real_weight": 1}},
            "training.options.real_weight: 1 has no effect with weighting: domain",
        ),
        (
            {"epochs": 5, "options": {"correct_from": 6}},
            "training.options.correct_from: 6, but training.epochs is 5, so that no label",
        ),
        (
            {
                "second_stage": {
                    "method": "sau",
                    "data": "balanced",
                    "epochs": 2,
                    "options": {"correct_from": 3},
                }
            },
            "training.second_stage.options.correct_from: 3, but epochs is 2",
        ),
        (
            {"epochs": 1, "options": {"label_correction": "classifier", "noise_budget": 0.5}},
            "training.options.noise_budget: 0.5, but training.epochs is 1: a budget ranks",
        ),
        ({"crop_size": 24}, "training.crop_size: 24, but"),
        ({"backbone": "resnet50", "width": 16}, "training.width: 16, but resnet50 always has 64"),
        (
            {"options": {"search_backend": "faiss"}},
            "training.options.search_backend: 'faiss' has no effect with search_scope batch",
        ),
        (
            {"processes": 3},
            "training.batch_size: 128 for training.processes: 3, expected a multiple",
        ),
        ({"processes": 3}, "such as 129"),
        ({"processes": 4, "batch_size": 4}, "two images for each at least, such as 8"),
        (
            {"processes": 2, "second_stage": {"batch_size": 3}},
            "training.second_stage.batch_size: 3 for training.processes: 2",
        ),
        ({"sync_batch_norm": True}, "training.sync_batch_norm: true has no effect with processes"),
        (
            {"processes": 2, "sync_batch_norm": True, "compile": "default"},
            "training.sync_batch_norm: true, but training.compile default",
        ),
        ({"options": {"neighbors": 3}}, "did you mean 'neighbours'?"),
    ],
)
def test_settings_without_effect_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        TrainingSection(**changes)


def test_width_follows_the_backbone() -> None:
    assert TrainingSection().channels() == 16
    assert TrainingSection(width=64).channels() == 64
    assert TrainingSection(backbone="resnet50", width=64).channels() == 64
    assert TrainingSection(backbone="resnet50").channels() == 64


def test_more_networks_of_earlier_epochs_than_memory_should_hold_are_refused() -> None:
    with pytest.raises(UserError, match="snapshot_every: 9, so 22 networks .* raise it to 10 at"):
        TrainingSection(epochs=200, snapshot_every=9)
    TrainingSection(epochs=200, snapshot_every=10)
    TrainingSection(epochs=200)
