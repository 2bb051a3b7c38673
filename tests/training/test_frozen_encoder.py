import pytest
import torch
from torch import Tensor

from sau.core.errors import UserError
from sau.methods import METHODS
from sau.methods.base import Epoch
from sau.methods.cross_entropy import CrossEntropy
from sau.networks import Network
from tests.training.conftest import Inputs
from tests.training.two_stages import FILL_UP, train_all


def state_of(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def test_embeddings_cannot_be_trained_on_a_frozen_encoder(inputs: Inputs) -> None:
    second = {"method": "sau", "data": "balanced", "epochs": 2, "trained": "classifier"}
    with pytest.raises(UserError, match="sau trains embeddings as well"):
        inputs.assemble(method="cross_entropy", epochs=2, second_stage=second)


@pytest.mark.parametrize("method", ["balanced_softmax", "mixup"])
def test_frozen_encoder_stays_as_it_is(method: str, inputs: Inputs) -> None:
    """Weights and BatchNorm's statistics, whatever the method does with the network."""
    second = {"method": method, "data": "balanced", "epochs": 2, "trained": "classifier"}
    run = inputs.assemble(method="cross_entropy", epochs=2, second_stage=second)
    states = [state_of(run.network)]
    states += [state_of(run.network) for _ in train_all(run)]
    classifier = {"classifier.weight", "classifier.bias"}
    first, last = changed(states[0], states[2]), changed(states[2], states[4])
    assert any("running_mean" in name for name in first)
    assert any("conv" in name for name in first)
    assert first > classifier
    assert last == classifier


def test_method_cannot_unfreeze_the_encoder(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[bool] = []

    class Looking(CrossEntropy):
        def start_epoch(self, epoch: Epoch) -> None:
            epoch.network.train()

        def after_step(self, network: Network) -> None:
            modes.append(network.encoder.training)

    monkeypatch.setitem(METHODS, "cross_entropy", Looking)
    second = {"method": "cross_entropy", "epochs": 1, "trained": "classifier"}
    run = inputs.assemble(method="cross_entropy", data="real", epochs=1, second_stage=second)
    assert list(train_all(run)) == [1, 2]
    assert modes == [True, True, False, False]


def test_whole_network_learns_in_a_second_stage_by_default(inputs: Inputs) -> None:
    run = inputs.assemble(**FILL_UP)
    states = [state_of(run.network) for _ in train_all(run)]
    everything = {name for name in states[0] if not name.startswith("projection")}
    assert changed(states[2], states[4]) == everything


def test_frozen_encoder_is_set_back_by_another_phase(inputs: Inputs) -> None:
    row = {**FILL_UP, "second_stage": {**FILL_UP["second_stage"], "trained": "classifier"}}
    run = inputs.assemble(**row)
    free, frozen = run.phases
    frozen.prepare(run.network, 4)
    needs = {name for name, p in run.network.named_parameters() if p.requires_grad}
    assert needs == {"classifier.weight", "classifier.bias"}
    assert not run.network.encoder.training
    free.prepare(run.network, 1)
    assert all(p.requires_grad for p in run.network.parameters())
    assert all(module.training for module in run.network.modules())


def test_averaged_weights_of_a_second_stage_are_of_that_stage(inputs: Inputs) -> None:
    """It starts from the first phase's mean, and what it constrains stays constrained."""
    second = {
        "method": "max_norm",
        "data": "balanced",
        "epochs": 1,
        "trained": "classifier",
    }
    run = inputs.assemble(method="cross_entropy", epochs=2, ema_decay=0.9, second_stage=second)
    steps = train_all(run)
    assert [next(steps), next(steps)] == [1, 2]
    mean = state_of(run.averager.tested())
    assert list(steps) == [3]
    tested = run.averager.tested()
    assert tested is not run.network
    radius = run.phases[1].method.state_dict()["radius"]
    assert tested.classifier.weight.norm(dim=1).max() <= radius + 1e-6
    assert changed(mean, state_of(tested)) <= {"classifier.weight", "classifier.bias"}
