import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Generator

from sau.core.errors import UserError
from sau.networks import ClassifierKind, Network, NetworkConfig

CONFIG = NetworkConfig("resnet8", 2, 3, projection_hidden=5, projection_size=4)


@pytest.mark.parametrize(
    ("backbone", "width", "classes", "parameters"),
    [
        ("resnet32", 16, 10, 464_154),
        ("resnet32", 64, 10, 7_386_186),
        ("resnet18", 64, 1000, 11_689_512),
        ("resnet50", 64, 1000, 25_557_032),
        ("resnext50_32x4d", 64, 1000, 25_028_904),
    ],
)
def test_numbers_of_parameters_are_the_known_ones(
    backbone: str, width: int, classes: int, parameters: int
) -> None:
    """Of He et al.'s network, and of torchvision's with their ImageNet heads."""
    with torch.device("meta"):
        network = Network(NetworkConfig(backbone, width, classes))
    assert network.parameter_counts() == {"trained": parameters, "at_test": parameters}


def test_projection_counts_as_trained_only() -> None:
    counts = Network(CONFIG).parameter_counts()
    projection = 8 * 5 + 5 * 5 + 4 * 5 + 5 * 4 + 4
    assert counts["trained"] - counts["at_test"] == projection


def test_seed_alone_decides_the_weights() -> None:
    before = torch.get_rng_state()
    states = [Network(CONFIG, seed).state_dict() for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(states[0]["encoder.conv.weight"], states[2]["encoder.conv.weight"])


def test_convolutions_are_drawn_as_by_he_et_al() -> None:
    weight = Network(NetworkConfig("resnet8", 32, 3)).encoder.stage3[0].conv2.weight
    assert weight.std().item() == pytest.approx((2 / (128 * 9)) ** 0.5, rel=0.02)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_outputs(precision: torch.dtype, generator: Generator) -> None:
    network = Network(CONFIG, precision=precision)
    images = torch.randn(4, 3, 8, 8, generator=generator)
    logits, embeddings = network(images), network.embeddings(images)
    assert logits.shape == (4, 3)
    assert embeddings.shape == (4, 4)
    assert logits.dtype == embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(4))


def test_bfloat16_is_near_float32(generator: Generator) -> None:
    images = torch.randn(4, 3, 8, 8, generator=generator)
    exact, rough = (
        Network(CONFIG, precision=precision)(images)
        for precision in (torch.float32, torch.bfloat16)
    )
    assert 0 < (exact - rough).abs().max() < 0.1


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        NetworkConfig("resnet8", 2, 3),
        NetworkConfig("resnet8", 2, 3, classifier="cosine", classifier_scale=30.0),
        NetworkConfig("resnet18", 64, 3),
    ],
)
def test_network_saves_and_loads(
    config: NetworkConfig, tmp_path: Path, generator: Generator
) -> None:
    network, folder = Network(config, seed=3), tmp_path / "model"
    network.save_pretrained(folder)
    network.save_pretrained(folder, provenance={"seed": 3})
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "config.json",
        "model",
        "model.safetensors",
    ]
    loaded = Network.from_pretrained(folder)
    images = torch.randn(4, 3, 32, 32, generator=generator)
    assert not loaded.training
    assert loaded.config == config
    assert torch.equal(loaded(images), network.eval()(images))


def test_model_that_cannot_be_replaced_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, rename = tmp_path / "model", Path.rename
    Network(CONFIG, seed=1).save_pretrained(folder)
    before = (folder / "model.safetensors").read_bytes()

    def refused(self: Path, target: Path) -> Path:
        if target == folder and self.name.endswith(".part"):
            raise OSError("bad disk")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(UserError, match="cannot write .*model: bad disk"):
        Network(CONFIG, seed=2).save_pretrained(folder)
    assert (folder / "model.safetensors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_network_without_a_projection_head(generator: Generator) -> None:
    network = Network(dataclasses.replace(CONFIG, projection_size=None))
    with pytest.raises(ValueError, match="without a projection"):
        network.embeddings(torch.randn(2, 3, 8, 8, generator=generator))


def test_damaged_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="train it again"):
        Network.from_pretrained(tmp_path)
    Network(CONFIG).save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(UserError, match="train it again"):
        Network.from_pretrained(tmp_path / "model")


@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_scores_are_computed_in_float32(kind: ClassifierKind, generator: Generator) -> None:
    """In bfloat16 many would be equal, and the first class would win."""
    config = NetworkConfig("resnet8", 32, 10, classifier=kind, classifier_scale=30.0)
    network = Network(config, precision=torch.bfloat16)
    features = torch.randn(64, 128, generator=generator)
    assert torch.equal(network.classify(features), network.classifier(features))
