from pathlib import Path
from typing import Any

import pytest
import torch

from sau.core.errors import UserError
from sau.engine.learning import Learns
from sau.engine.loop import train_epoch
from sau.engine.optimizers import make_optimizer
from sau.engine.phases import second_settings
from sau.engine.schedule import learning_rate
from sau.methods import METHODS
from sau.methods.base import Epoch
from sau.methods.cross_entropy import CrossEntropy
from sau.networks import Network, NetworkConfig
from sau.pipeline.training.settings import TrainingSection
from sau.storage.manifest import read
from tests.training.conftest import Inputs, assert_goes_on
from tests.training.two_stages import FILL_UP, train_all


def test_optimizer_equals_its_definition(inputs: Inputs) -> None:
    """v <- m v + (g + w p), p <- p - r v; two steps with the same gradient."""
    settings = TrainingSection(
        method="cross_entropy", learning_rate=0.1, momentum=0.9, weight_decay=0.5
    )
    network = Network(NetworkConfig("resnet8", 2, 3))
    method = inputs.assemble(method="cross_entropy").phases[0].method
    optimizer = make_optimizer(network, method, settings)
    bias = network.classifier.bias
    with torch.no_grad():
        bias.copy_(torch.tensor([1.0, 2.0, 3.0]))
    value, velocity = bias.detach().clone(), torch.zeros(3)
    for _ in range(2):
        bias.grad = torch.ones(3)
        optimizer.step()
        velocity = 0.9 * velocity + (1 + 0.5 * value)
        value = value - 0.1 * velocity
    torch.testing.assert_close(bias.detach(), value)


def test_optimizer_holds_the_methods_own_parameters() -> None:
    network, head = Network(NetworkConfig("resnet8", 2, 3)), torch.nn.Linear(2, 3)
    settings = TrainingSection(method="cross_entropy")
    cases: list[tuple[Learns, torch.nn.Module]] = [
        ("all", network),
        ("classifier", network.classifier),
    ]
    for learns, module in cases:
        held = make_optimizer(network, head, settings, learns).param_groups[0]["params"]  # type: ignore[arg-type]
        expected = [*module.parameters(), *head.parameters()]
        assert [id(p) for p in held] == [id(p) for p in expected]


def test_second_stage_takes_over_what_it_does_not_set() -> None:
    settings = TrainingSection(
        method="sau", schedule="step", warmup_epochs=2, swa_from=3, batch_size=16, momentum=0.8
    )
    assert second_settings(settings) is None
    stage = {"method": "balanced_softmax", "options": {"counts": "real"}, "epochs": 7}
    second = second_settings(TrainingSection(**settings.to_mapping() | {"second_stage": stage}))
    assert second is not None
    assert (second.method, second.options) == ("balanced_softmax", {"counts": "real"})
    assert (second.data, second.epochs, second.learning_rate) == ("real", 7, 0.001)
    assert (second.weight_decay, second.batch_size, second.momentum) == (5e-3, 16, 0.8)
    assert (second.schedule, second.warmup_epochs, second.swa_from) == ("cosine", 0, 0)
    assert second.second() is None


def test_unknown_keys_of_a_second_stage_are_refused() -> None:
    with pytest.raises(UserError, match="did you mean 'epochs'"):
        TrainingSection(second_stage={"epoch": 3})
    with pytest.raises(UserError, match="tau"):
        TrainingSection(second_stage={"method": "logit_adjustment", "options": {"tua": 3}})


def test_epochs_belong_to_their_phase(inputs: Inputs) -> None:
    run = inputs.assemble(**FILL_UP)
    places = [run.phases.index(run.phase_of(epoch)) for epoch in range(1, 6)]
    assert places == [0, 0, 0, 1, 1]
    assert [phase.first_epoch for phase in run.phases] == [1, 4]
    assert run.settings.total_epochs() == 5


def test_fill_up_trains_on_balanced_data_and_then_on_real_data(inputs: Inputs) -> None:
    """The prior of each stage's Balanced Softmax is that of its own images."""
    first, second = inputs.assemble(**FILL_UP).phases
    assert torch.bincount(first.data.labels).tolist() == [8, 8, 8]
    assert torch.bincount(second.data.labels).tolist() == [8, 4, 1]
    assert not second.data.is_synthetic.any()
    assert second.data.ids == [name for name in first.data.ids if name.startswith("real-")]
    assert first.method.counts.tolist() == [8, 8, 8]
    assert second.method.counts.tolist() == [8, 4, 1]


def test_fill_up_may_know_the_real_counts_from_the_start(inputs: Inputs) -> None:
    run = inputs.assemble(**{**FILL_UP, "options": {"counts": "real"}})
    train_epoch(run, run.phases[0], 1)
    assert run.phases[0].method.counts.tolist() == [8, 4, 1]


def test_real_data_first_and_balanced_data_second(inputs: Inputs) -> None:
    second = {"method": "cross_entropy", "data": "balanced"}
    run = inputs.assemble(method="cross_entropy", data="real", second_stage=second)
    assert [len(phase.data.ids) for phase in run.phases] == [13, 24]
    assert run.settings.needs_synthetic()


def test_rate_of_the_second_stage_starts_again(inputs: Inputs, tmp_path: Path) -> None:
    outputs = inputs.train(tmp_path, **FILL_UP, learning_rate=0.1, schedule="step", step_epochs=[1])
    history = read(outputs["history"], "history").to_pandas()
    rates = history[history["name"] == "learning_rate"]["value"].tolist()
    assert rates == pytest.approx([0.1, 0.01, 0.01, 0.002, 0.001])


def test_momentum_of_the_second_stage_starts_again(inputs: Inputs) -> None:
    run = inputs.assemble(**FILL_UP)
    for epoch in train_all(run):
        states = [len(phase.optimizer.state) > 0 for phase in run.phases]
        assert states == [True, epoch > 3]
    decays = [phase.optimizer.param_groups[0]["weight_decay"] for phase in run.phases]
    assert decays == [5e-3, 0.1]


@pytest.mark.parametrize("trained", ["all", "classifier"])
@pytest.mark.parametrize("epoch", [2, 3, 4])
def test_killed_run_goes_on_in_either_stage(
    epoch: int, trained: str, inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = FILL_UP["second_stage"] | {"trained": trained}
    row = {**FILL_UP, "second_stage": second}
    assert_goes_on(inputs, tmp_path, monkeypatch, epoch, **row)


def test_methods_count_the_epochs_of_their_stage(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []

    class Counting(CrossEntropy):
        def start_epoch(self, epoch: Epoch) -> None:
            seen.append((epoch.number, self.context.epochs))

    monkeypatch.setitem(METHODS, "cross_entropy", Counting)
    second = {"method": "cross_entropy", "epochs": 3}
    run = inputs.assemble(method="cross_entropy", epochs=2, second_stage=second)
    assert list(train_all(run)) == [1, 2, 3, 4, 5]
    assert seen == [(1, 2), (2, 2), (1, 3), (2, 3), (3, 3)]


def test_heads_of_the_two_stages_are_drawn_apart(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Headed(CrossEntropy):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.head = torch.nn.Linear(4, 4)

    monkeypatch.setitem(METHODS, "cross_entropy", Headed)
    row = {"method": "cross_entropy", "second_stage": {"method": "cross_entropy"}}
    heads = [phase.method.head.weight for phase in inputs.assemble(**row).phases]
    again = [phase.method.head.weight for phase in inputs.assemble(**row).phases]
    assert not torch.equal(heads[0], heads[1])
    assert all(torch.equal(a, b) for a, b in zip(heads, again, strict=True))


def test_stages_with_two_kinds_of_classifier_are_refused(inputs: Inputs) -> None:
    with pytest.raises(UserError, match=r"needs a linear classifier .* trains a cosine one"):
        inputs.assemble(method="ldam_drw", second_stage={"method": "cb_focal"})
    run = inputs.assemble(method="cross_entropy", second_stage={"method": "ldam_drw"})
    assert run.network.config.classifier == "cosine"
    assert run.network.config.classifier_scale == 30


def test_second_stage_has_a_batch_size_and_a_schedule_of_its_own(inputs: Inputs) -> None:
    second = {
        "method": "cross_entropy",
        "epochs": 3,
        "learning_rate": 0.4,
        "batch_size": 5,
        "sharpness_radius": 0.0,
        "schedule": "step",
        "step_epochs": [2],
        "step_factor": 0.5,
        "warmup_epochs": 1,
    }
    run = inputs.assemble(
        method="cross_entropy", epochs=1, sharpness_radius=0.1, second_stage=second
    )
    first, last = (phase.settings for phase in run.phases)
    assert (first.batch_size, first.sharpness_radius) == (8, 0.1)
    assert (last.batch_size, last.sharpness_radius) == (5, 0.0)
    assert [learning_rate(last, epoch) for epoch in (1, 2, 3)] == [0.4, 0.4, 0.2]
    del second["batch_size"], second["sharpness_radius"]
    run = inputs.assemble(
        method="cross_entropy", epochs=1, sharpness_radius=0.1, second_stage=second
    )
    assert run.phases[1].settings.batch_size == 8
    assert run.phases[1].settings.sharpness_radius == 0.1
