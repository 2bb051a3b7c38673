"""Published two-stage recipes, on tiny data, from the settings to the outputs."""

import math
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from sau.core.errors import ArgumentError, UserError
from sau.engine.loop import train_epoch
from sau.engine.schedule import learning_rate
from sau.engine.settings import TrainingSettings
from sau.methods.max_norm import MaxNorm
from sau.networks import Network
from sau.storage.manifest import read
from tests.training.conftest import Inputs, assert_goes_on

GLMC: dict[str, Any] = {
    "method": "glmc",
    "data": "real",
    "epochs": 2,
    "options": {"resample_power": 0.2},
    "second_stage": {
        "method": "max_norm",
        "epochs": 3,
        "learning_rate": 1.0,
        "weight_decay": 0.0,
        "trained": "classifier",
        "options": {"threshold": 0.2},
    },
}

FAST: dict[str, Any] = {
    "method": "sau",
    "backbone": "whitened_cnn",
    "input_size": 16,  # pixels; the test's images are smaller than the network's least
    "epochs": 3,
    "optimizer": "muon",
    "muon_others": "adamw",
    "muon_fixed_norm": True,
    "flips": "alternating",
    "crop_fill": "reflect",
    "schedule": "linear",
    "rate_changes": "step",
    "test_views": "flip_and_shift",
}

SURE: dict[str, Any] = {
    "method": "sure",
    "data": "real",
    "epochs": 3,
    "learning_rate": 0.1,
    "sharpness_radius": 0.05,
    "swa_from": 2,
    "swa_learning_rate": 0.05,
    "options": {"ranking_weight": 0.5},
    "second_stage": {
        "method": "sure",
        "epochs": 2,
        "learning_rate": 0.01,
        "options": {"mixup_weight": 0, "reweight_temperature": 1},
    },
}


STEPS: dict[str, Any] = {
    "method": "glmc",
    "data": "real",
    "epochs": 2,
    "steps_per_epoch": 7,
    "second_stage": {"method": "balanced_softmax", "epochs": 1},
}

KILLED = {
    "fast-2": (FAST, 2),
    "glmc-3": (GLMC, 3),
    "sure-2": (SURE, 2),
    "sure-3": (SURE, 3),
    "sure-4": (SURE, 4),
    "steps-1": (STEPS, 1),
}


@pytest.mark.parametrize(("recipe", "epoch"), KILLED.values(), ids=KILLED.keys())
def test_killed_recipe_ends_in_the_same_bytes(
    recipe: dict[str, Any],
    epoch: int,
    inputs: Inputs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert_goes_on(inputs, tmp_path, monkeypatch, epoch, **recipe)


def test_max_norm_keeps_glmcs_encoder_and_shortens_its_rebalanced_head(inputs: Inputs) -> None:
    run = inputs.assemble(**GLMC)
    for epoch in (1, 2):
        train_epoch(run, run.phase_of(epoch), epoch)
    encoder = {name: value.clone() for name, value in run.network.encoder.state_dict().items()}
    norms = run.network.classifier.weight.detach().norm(dim=1)
    for epoch in (3, 4, 5):
        train_epoch(run, run.phase_of(epoch), epoch)
    for name, value in run.network.encoder.state_dict().items():
        assert torch.equal(value, encoder[name])
    radius = (norms.min() + 0.2 * (norms.max() - norms.min())).item()
    last = run.phases[1].method
    assert isinstance(last, MaxNorm)
    assert last.radius.item() == pytest.approx(radius)
    assert run.network.classifier.weight.norm(dim=1).max().item() == pytest.approx(radius, rel=1e-5)


def test_row_of_few_images_trains_for_as_many_steps_as_it_is_given(inputs: Inputs) -> None:
    """In the first phase, and in both batches of a method that has two; then come passes."""
    run = inputs.assemble(**STEPS)
    first, second = run.phases
    passes = math.ceil(len(second.data.ids) / second.settings.batch_size)
    assert passes < 7, "the images fill fewer batches"
    taken = []
    for epoch in (1, 2, 3):
        steps: list[int] = []
        train_epoch(run, run.phase_of(epoch), epoch, due=lambda steps=steps: bool(steps.append(1)))
        taken.append(len(steps))
    assert taken == [7, 7, passes]
    assert first.images_of_an_epoch() == 7 * first.settings.batch_size
    assert second.images_of_an_epoch() == len(second.data.ids)


def test_second_stage_starts_from_the_mean_of_the_first_ones_weights(inputs: Inputs) -> None:
    stage = {**SURE["second_stage"], "learning_rate": 1e-12}
    run = inputs.assemble(**{**SURE, "second_stage": stage})
    ends = []
    for epoch in (1, 2, 3):
        train_epoch(run, run.phase_of(epoch), epoch)
        ends.append([p.detach().clone() for p in run.network.parameters()])
    means = [(a + b) / 2 for a, b in zip(ends[1], ends[2], strict=True)]
    torch.testing.assert_close(list(run.averager.tested().parameters()), means)
    assert run.averager.tested() is not run.network
    train_epoch(run, run.phase_of(4), 4)
    assert run.averager.tested() is run.network
    torch.testing.assert_close(list(run.network.parameters()), means)


def test_confidence_is_that_of_the_mean(inputs: Inputs) -> None:
    run = inputs.assemble(**SURE)
    for epoch in (1, 2, 3):
        train_epoch(run, run.phase_of(epoch), epoch)
    with torch.no_grad():
        for parameter in run.network.parameters():
            parameter.fill_(math.nan)
    train_epoch(run, run.phase_of(4), 4)
    assert run.phases[1].method.state_dict()["confidence"].isfinite().all()
    assert all(p.isfinite().all() for p in run.network.parameters())


def test_sure_is_tested_with_a_cosine_classifier(inputs: Inputs, tmp_path: Path) -> None:
    outputs = inputs.train(tmp_path, **SURE)
    config = Network.from_pretrained(outputs["model"]).config
    assert (config.classifier, config.classifier_scale) == ("cosine", 8)
    history = read(outputs["history"], "history").to_pandas()
    rates = history[history["name"] == "learning_rate"]["value"].tolist()
    assert rates == pytest.approx([0.1, 0.05, 0.05, 0.01, 0.005])


def test_stages_of_two_classifiers_are_refused(inputs: Inputs) -> None:
    with pytest.raises(UserError, match="needs a linear classifier"):
        inputs.assemble(**{**SURE, "second_stage": GLMC["second_stage"]})
    other = {**SURE["second_stage"], "options": {"scale": 9}}
    with pytest.raises(UserError, match=r"scale 9\), but the first phase trains a cosine one"):
        inputs.assemble(**{**SURE, "second_stage": other})


def test_glmc_on_balanced_data_trains(inputs: Inputs, tmp_path: Path) -> None:
    outputs = inputs.train(tmp_path, method="glmc", data="balanced", epochs=2)
    history = read(outputs["history"], "history").to_pandas()
    names = ["total", "conventional", "rebalanced", "consistency"]
    expected = [*(f"loss/{name}" for name in names), "learning_rate", "test/top1"]
    assert history["name"].tolist() == expected * 2


def test_rate_of_weight_averaging_needs_an_epoch_to_start() -> None:
    settings = TrainingSettings(epochs=4, learning_rate=0.4, swa_from=3, swa_learning_rate=0.05)
    rates = [learning_rate(settings, epoch) for epoch in range(1, 5)]
    assert rates == pytest.approx([0.4, 0.2 * (1 + math.sqrt(0.5)), 0.05, 0.05])
    for swa_from in (0, 5):
        with pytest.raises(ArgumentError, match="has no effect"):
            TrainingSettings(
                epochs=4,
                swa_from=swa_from,
                swa_learning_rate=0.05,
                second_stage={"method": "cross_entropy"},
            )


@pytest.mark.parametrize("section", ["training", "training.second_stage"])
def test_option_that_a_machine_cannot_have_is_refused_by_its_key(
    section: str, inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    options = {"search_scope": "memory", "search_backend": "faiss"}
    wanting = {"method": "sau", "options": options}
    plain = {"method": "cross_entropy"}
    row = wanting if section == "training" else plain | {"second_stage": wanting}
    with pytest.raises(UserError, match=f"^{section}.options.search_backend: faiss, but FAISS is"):
        inputs.train(tmp_path, **row)
