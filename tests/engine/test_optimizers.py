"""Groups of parameters, their rates, and AdamW."""

from typing import Any

import pytest
import torch
from torch import Generator, nn

from sau.core.errors import ArgumentError
from sau.engine.learning import learning_parameters, set_learning
from sau.engine.optimizers import FACTOR, encoder_factors, hidden_weights, make_optimizer
from sau.engine.settings import TrainingSettings
from sau.networks import Network, NetworkConfig
from sau.networks.low_rank import add_low_rank

CONFIG = NetworkConfig("timm/test_vit", 0, 3, 5, 4, input_size=32)


def settings(**changes: Any) -> TrainingSettings:
    return TrainingSettings(method="cross_entropy", backbone="timm/test_vit", **changes)


def method() -> Any:
    """Return a method's heads: all that an optimizer looks at."""
    return nn.Linear(2, 2)


def test_adamw_is_pytorchs(generator: Generator) -> None:
    """Against its formula, with decoupled decay, for three steps of one weight."""
    network = Network(CONFIG)
    made = make_optimizer(
        network, method(), settings(optimizer="adamw", learning_rate=0.1, weight_decay=0.2)
    )
    weight = network.classifier.weight
    first, second, value = torch.zeros(()), torch.zeros(()), weight[0, 0].detach().clone()
    for step in range(1, 4):
        gradient = torch.randn((), generator=generator)
        weight.grad = torch.zeros_like(weight)
        weight.grad[0, 0] = gradient
        made.step()
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        direction = (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
        value = value - 0.1 * 0.2 * value - 0.1 * direction
    torch.testing.assert_close(weight[0, 0].detach(), value)


def test_factors_fall_from_layer_to_layer() -> None:
    network = Network(CONFIG)
    changes = {"layer_decay": 0.5, "backbone_learning_rate": 0.1}
    factors = encoder_factors(network, settings(**changes))
    names = {p: name for name, p in network.encoder.named_parameters()}
    by_name = {names[p].removeprefix("network."): factor for p, factor in factors.items()}
    assert by_name["norm.weight"] == by_name["blocks.5.mlp.fc2.bias"] == 0.1
    assert by_name["blocks.4.mlp.fc2.bias"] == pytest.approx(0.05)
    assert by_name["blocks.0.attn.qkv.weight"] == pytest.approx(0.1 / 2**5)
    assert by_name["patch_embed.proj.weight"] == pytest.approx(0.1 / 2**6)
    groups = make_optimizer(network, method(), settings(**changes)).param_groups
    assert groups[0][FACTOR] == 1
    heads = [*network.classifier.parameters(), *network.projection.parameters()]  # type: ignore[union-attr]
    assert {id(p) for p in heads} <= {id(p) for p in groups[0]["params"]}
    assert all(factors.get(p, 1) == group[FACTOR] for group in groups for p in group["params"])
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters())) + 2


@pytest.mark.parametrize("optimizer", ["sgd", "muon", "adamw"])
def test_step_of_a_slow_backbone_is_as_much_smaller(optimizer: str, generator: Generator) -> None:
    """In the first step, without decay, every optimizer's is proportional to the rate."""
    moved = []
    for factor in (1.0, 0.25):
        network = Network(CONFIG)
        before = [p.detach().clone() for p in network.parameters()]
        own = {"muon_weight_decay": 0.0} if optimizer == "muon" else {}
        made = make_optimizer(
            network,
            method(),
            settings(optimizer=optimizer, weight_decay=0.0, backbone_learning_rate=factor, **own),
        )
        for group in made.param_groups:
            group["lr"] = 0.01 * group[FACTOR]
        drawn = torch.Generator().manual_seed(1)
        for p in network.parameters():
            p.grad = torch.randn(p.shape, generator=drawn)
        made.step()
        moved.append(
            [p.detach() - old for p, old in zip(network.parameters(), before, strict=True)]
        )
    of_encoder = len(list(network.encoder.parameters()))
    for place, (fast, slow) in enumerate(zip(*moved, strict=True)):
        ratio = 0.25 if place < of_encoder else 1.0
        torch.testing.assert_close(slow, ratio * fast, rtol=1e-3, atol=1e-6)


def test_frozen_encoder_is_in_no_optimizer_and_in_eval_mode() -> None:
    network = Network(NetworkConfig("timm/test_resnet", 0, 3, 5, 4))
    set_learning(network, "heads")
    assert not any(m.training for m in network.encoder.modules())
    assert network.projection is not None
    assert all(m.training for m in network.projection.modules())
    held = learning_parameters(network, "heads")
    assert {id(p) for p in held} == {id(p) for p in network.parameters() if p.requires_grad}
    assert not {id(p) for p in held} & {id(p) for p in network.encoder.parameters()}
    set_learning(network, "all")
    assert all(p.requires_grad for p in network.parameters())
    assert all(m.training for m in network.modules())


def test_low_rank_matrices_alone_learn_of_an_adapted_encoder() -> None:
    network = Network(CONFIG)
    add_low_rank(network.encoder, 2)
    set_learning(network, "all")
    learning = [name for name, p in network.encoder.named_parameters() if p.requires_grad]
    assert learning
    assert all("lora_" in name for name in learning)
    assert {id(p) for p in hidden_weights(network)} <= {
        id(p) for p in network.parameters() if p.requires_grad
    }


def test_positions_are_no_hidden_weights() -> None:
    network = Network(CONFIG)
    names = {id(p): name for name, p in network.named_parameters()}
    hidden = {names[id(p)] for p in hidden_weights(network)}
    assert "encoder.network.blocks.0.attn.qkv.weight" in hidden
    assert not hidden & {"encoder.network.pos_embed", "encoder.network.cls_token"}


def test_layers_that_nobody_names_are_refused() -> None:
    network = Network(NetworkConfig("resnet8", 2, 3))
    network.encoder.layers = _no_layers  # type: ignore[assignment]
    with pytest.raises(ArgumentError, match=r"^layer_decay: 0\.5, but it has none; set it to 1"):
        encoder_factors(network, settings(layer_decay=0.5))


def _no_layers() -> dict[str, int]:
    raise ValueError("it has none")


def test_classifier_has_a_rate_of_its_own() -> None:
    network = Network(CONFIG)
    found = make_optimizer(network, method(), settings(classifier_learning_rate=3.0))
    factors = {id(p): group[FACTOR] for group in found.param_groups for p in group["params"]}
    assert {factors[id(p)] for p in network.classifier.parameters()} == {3.0}
    others = {factors[id(p)] for p in network.encoder.parameters()}
    assert others == {1.0}


def test_biases_and_norms_may_be_left_out_of_weight_decay() -> None:
    network = Network(CONFIG)
    for which, of_vectors in (("all", 0.3), ("matrices", 0.0)):
        found = make_optimizer(network, method(), settings(weight_decay=0.3, weight_decay_of=which))
        for group in found.param_groups:
            for parameter in group["params"]:
                assert group["weight_decay"] == (0.3 if parameter.ndim > 1 else of_vectors)
