"""Muon against its definition, PyTorch's own, and in whole runs."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sau.core.errors import UserError
from sau.engine.muon import (
    COEFFICIENTS,
    MuonWithAdamW,
    MuonWithSGD,
    OrthogonalSteps,
    orthogonalise,
)
from sau.engine.optimizers import hidden_weights, make_optimizer
from sau.networks import Network, NetworkConfig
from sau.pipeline.training.settings import TrainingSection
from tests.training.conftest import Inputs, assert_goes_on

RATES: dict[str, Any] = {"momentum": 0.9, "weight_decay": 0.1, "nesterov": True}


def muon(
    parameters: list[nn.Parameter],
    hidden: list[nn.Parameter],
    *,
    ratio: float,
    decay: float = 0.0,
    fixed_norm: bool = False,
) -> OrthogonalSteps:
    made = MuonWithSGD(parameters, 0.1, **RATES)
    choices = {"momentum": RATES["momentum"], "nesterov": RATES["nesterov"]}
    return made.with_hidden(hidden, ratio=ratio, decay=decay, fixed_norm=fixed_norm, **choices)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(1, 6, 9), (4, 9, 6), (2, 5, 5), (3, 1, 7)])
def test_singular_values_go_through_the_polynomial_and_vectors_stay(
    shape: tuple[int, int, int],
) -> None:
    matrices = random(*shape).double()
    a, b, c = COEFFICIENTS
    for matrix, found in zip(matrices, orthogonalise(matrices), strict=True):
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        values = values / values.norm()
        for _ in range(5):
            values = a * values + b * values**3 + c * values**5
        torch.testing.assert_close(found.double(), left @ values.diag() @ right, rtol=0, atol=1e-5)


def test_singular_values_end_near_one() -> None:
    values = torch.linalg.svdvals(orthogonalise(random(8, 16, 144)))
    assert 0.6 < float(values.min()) < float(values.max()) < 1.3


def test_zeros_stay_zeros() -> None:
    assert not orthogonalise(torch.zeros(2, 3, 4)).any()


def test_matrices_step_as_with_pytorchs_muon() -> None:
    """PyTorch's rounds to bfloat16, and its momentum is (1 - m) of ours, which cancels out."""
    ours, theirs = (nn.Parameter(random(12, 8)) for _ in range(2))
    mine = muon([ours], [ours], ratio=0.2, decay=0.5)
    reference = torch.optim.Muon([theirs], 0.02, weight_decay=0.5, momentum=0.9)
    for seed in (1, 2, 3):
        ours.grad, theirs.grad = random(12, 8, seed=seed), random(12, 8, seed=seed)
        before = ours.detach().clone()
        mine.step()
        reference.step()
        difference = (ours - theirs).detach().abs().max()
        assert difference < 0.02 * (ours.detach() - before).abs().max()


def test_convolution_is_the_matrix_of_its_kernels_and_the_rest_is_sgd() -> None:
    kernel, matrix, bias = (
        nn.Parameter(random(6, 2, 3, 3)),
        nn.Parameter(random(6, 18)),
        nn.Parameter(random(6)),
    )
    with torch.no_grad():
        matrix.copy_(kernel.flatten(1))
    alone = nn.Parameter(bias.detach().clone())
    optimizer = muon([kernel, bias, matrix], [kernel, matrix], ratio=0.2, decay=0.5)
    plain = torch.optim.SGD([alone], 0.1, **RATES)
    for seed in (1, 2):
        kernel.grad = random(6, 2, 3, 3, seed=seed)
        matrix.grad = kernel.grad.flatten(1)
        bias.grad = alone.grad = random(6, seed=seed)
        optimizer.step()
        plain.step()
    torch.testing.assert_close(kernel.flatten(1), matrix)
    assert torch.equal(bias, alone)
    assert kernel.grad is not None


def test_the_rest_is_adamw_where_that_is_asked_for() -> None:
    weight, bias = nn.Parameter(random(6, 4)), nn.Parameter(random(6))
    alone = nn.Parameter(bias.detach().clone())
    keywords: dict[str, Any] = {"lr": 0.1, "betas": (0.9, 0.95), "weight_decay": 0.2}
    choices: dict[str, Any] = {"ratio": 1.0, "decay": 0.0, "momentum": 0.0, "nesterov": False}
    optimizer = MuonWithAdamW([weight, bias], **keywords).with_hidden([weight], **choices)
    plain = torch.optim.AdamW([alone], **keywords)
    before = weight.detach().clone()
    for seed in (1, 2):
        weight.grad = random(6, 4)
        bias.grad = alone.grad = random(6, seed=seed)
        optimizer.step()
        plain.step()
    assert torch.equal(bias, alone)
    step = orthogonalise(random(1, 6, 4))[0] * 1.5**0.5
    torch.testing.assert_close(weight.detach(), before - 2 * 0.1 * step)


def test_hidden_weights_are_neither_the_first_layer_nor_the_classifier() -> None:
    network = Network(NetworkConfig("resnet8", 4, 3, projection_hidden=16, projection_size=8), 0)
    names = {id(value): name for name, value in network.named_parameters()}
    found = {names[id(weight)] for weight in hidden_weights(network)}
    weights = {name for name, value in network.named_parameters() if value.ndim > 1}
    left = weights - found
    assert len(left) == 2
    assert any(name.startswith("classifier") for name in left)
    assert any(name.startswith("encoder") for name in left)
    assert found < weights


def test_rates_follow_one_schedule(inputs: Inputs) -> None:
    """A parameter without momentum and decay moves in proportion to the rate of the epoch."""
    run = inputs.assemble(
        optimizer="muon", method="cross_entropy", momentum=0.0, muon_weight_decay=0.0
    )
    phase = run.phases[0]
    moved = []
    for epoch in (1, 3):
        phase.prepare(run.network, epoch)
        weight = hidden_weights(run.network)[0]
        before = weight.detach().clone()
        weight.grad = random(*weight.shape)
        phase.optimizer.step()
        moved.append((weight.detach() - before).norm().item())
    rates = [0.01, 0.005]
    assert moved[0] / moved[1] == pytest.approx(rates[0] / rates[1], rel=1e-3)


@pytest.mark.parametrize(
    "settings",
    [{"method": "sau"}, {"method": "cross_entropy"}, {"method": "glmc", "muon_others": "adamw"}],
)
def test_killed_run_goes_on(
    settings: dict[str, Any], inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_goes_on(inputs, tmp_path, monkeypatch, 2, optimizer="muon", **settings)


def test_frozen_encoder_leaves_the_classifier_to_sgd(inputs: Inputs) -> None:
    run = inputs.assemble(method="cross_entropy")
    method = run.phases[0].method
    settings = TrainingSection(method="cross_entropy", optimizer="muon")
    optimizer = make_optimizer(run.network, method, settings, "classifier")
    expected = [*run.network.classifier.parameters(), *method.parameters()]
    assert [id(p) for p in optimizer.param_groups[0]["params"]] == [id(p) for p in expected]


def test_gentle_second_stage_is_gentle_to_hidden_weights_too(inputs: Inputs) -> None:
    """The two rates keep their ratio, so a hundredth of one is a hundredth of the other."""
    second = {"method": "cross_entropy", "data": "balanced", "epochs": 1, "learning_rate": 0.0001}
    run = inputs.assemble(
        optimizer="muon",
        method="cross_entropy",
        momentum=0.0,
        muon_weight_decay=0.0,
        second_stage=second,
    )
    moved = []
    for phase in run.phases:
        phase.prepare(run.network, phase.first_epoch)
        weight = hidden_weights(run.network)[0]
        before = weight.detach().clone()
        weight.grad = random(*weight.shape)
        phase.optimizer.step()
        moved.append((weight.detach() - before).norm().item())
    assert moved[1] / moved[0] == pytest.approx(0.01, rel=1e-2)


def test_settings_of_muon_without_it_are_refused() -> None:
    with pytest.raises(UserError, match="no effect with training.optimizer sgd"):
        TrainingSection(muon_learning_rate=0.1)


def test_fixed_norm_scales_weights_before_each_step() -> None:
    """With rows of length 1 on average, whatever was there; then the step of a free weight."""
    start = random(6, 8)
    fixed, free = nn.Parameter(5 * start), nn.Parameter(start * 6**0.5 / start.norm())
    for weight, is_fixed in ((fixed, True), (free, False)):
        optimizer = muon([weight], [weight], ratio=1, fixed_norm=is_fixed)
        weight.grad = random(6, 8, seed=1)
        optimizer.step()
    torch.testing.assert_close(fixed, free)


def test_fewer_steps_are_fewer_polynomials() -> None:
    matrix = random(1, 4, 9)
    a, b, c = COEFFICIENTS
    values = (matrix / matrix.norm())[0]
    for _ in range(2):
        gram = values @ values.T
        values = a * values + (b * gram + c * gram @ gram) @ values
    torch.testing.assert_close(orthogonalise(matrix, 2)[0], values)


def test_bfloat16_products_are_near() -> None:
    matrix = random(1, 8, 30)
    exact, rounded = orthogonalise(matrix), orthogonalise(matrix, 5, torch.bfloat16)
    assert rounded.dtype == torch.float32
    assert 0 < float((exact - rounded).abs().max()) < 0.05


def test_hidden_layers_of_the_encoder_alone() -> None:
    config = NetworkConfig("whitened_cnn", 2, 3, projection_hidden=5, projection_size=4)
    network = Network(config)
    kernels = [p for p in network.encoder.parameters() if p.ndim == 4]
    assert len(kernels) == 6  # the whitening's do not learn
    assert [id(p) for p in hidden_weights(network, "all", "encoder")] == [id(p) for p in kernels]
    assert len(hidden_weights(network)) == 6 + 3
