"""`sau export`: what is refused, and the model card."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from sau.__main__ import main
from sau.core.errors import UserError
from sau.networks import NetworkConfig
from sau.pipeline.dataset.digits import CLASS_NAMES
from sau.storage.sealed import sealed_text, unsealed
from sau.tools.evaluate import evaluate
from sau.tools.export import export
from tests.tools.digits import Digits
from tests.tools.export.conftest import saved


def recorded_as(made: dict[str, Any], folder: Path) -> Path:
    """Save a network whose training is recorded so."""
    saved(folder, NetworkConfig("resnet8", 8, 4))
    config = unsealed((folder / "config.json").read_text())
    (folder / "config.json").write_text(sealed_text({**config, "provenance": made}))
    return folder


def card_of(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def test_card_says_what_the_record_of_training_says(digits: Digits, tmp_path: Path) -> None:
    evaluate(digits.model, digits.path("test"), output=tmp_path / "measured")
    export(
        digits.model,
        to="torch",
        output=tmp_path / "out",
        metrics=tmp_path / "measured",
        licence="cc-by-4.0",
    )
    card = card_of(tmp_path / "out")
    config = json.loads((digits.model / "config.json").read_text())
    made = config["provenance"]
    assert card.startswith("---\npipeline_tag: image-classification\nlibrary_name: pytorch\n")
    assert 'license: "cc-by-4.0"' in card
    assert "# cross_entropy on digits" in card
    assert "zero, one, two" in card
    assert config["weights_sha256"] in card
    for digest in made["inputs"]["train_images"]:
        assert digest[:16] in card
    assert f"{sum(made['real_counts'])}, of a class" in card
    assert "`learning_rate: 0.1`" in card
    assert "`momentum" not in card  # the default
    assert f"torch {made['versions']['torch']}" in card
    figures = json.loads((tmp_path / "measured" / "metrics.json").read_text())["figures"]
    low, high = figures["top1"]["interval_95"]
    assert f"| top-1 | {figures['top1']['value']:.2f} | {low:.2f} to {high:.2f} |" in card
    assert "On 80 images by `sau evaluate`." in card
    assert "- These weights: cc-by-4.0." in card
    assert "generator" not in card  # it has seen real images alone


@pytest.mark.parametrize("selection", ["last", "best_on_validation"])
def test_card_has_the_figures_of_the_runs_own_test_images(
    selection: str, digits: Digits, tmp_path: Path
) -> None:
    """Of the epoch whose weights they are, with the classes' recalls, the lowest first."""
    model = digits.model if selection == "last" else digits.model / selection
    export(model, to="torch", output=tmp_path / "out")
    card = card_of(tmp_path / "out")
    stored = digits.predictions(selection)
    right = stored["label"] == stored["predicted"]
    assert "On the 80 test images of its run." in card
    assert f"| top-1 | {100 * right.mean():.2f} | " in card
    assert "| NLL, in nats | " in card
    counts = json.loads((model / "config.json").read_text())["provenance"]["real_counts"]
    recalls = 100 * right.groupby(stored["label"]).mean()
    expected = [
        f"| {CLASS_NAMES[label]} | {counts[label]} | {recall:.2f} |"
        for label, recall in recalls.sort_values(kind="stable").items()
    ]
    lines = card.splitlines()
    start = lines.index(expected[0])
    assert lines[start : start + 10] == expected
    epoch = stored["epoch"].iloc[0]
    of_best = ", the best on validation images" if selection != "last" else ""
    assert f"| weights | of epoch {epoch}{of_best} |" in card


def test_card_has_no_figures_of_another_training(digits: Digits, tmp_path: Path) -> None:
    """A model that was copied beside other predictions, or to where there are none."""
    shutil.copytree(digits.model, tmp_path / "alone" / "model")
    export(tmp_path / "alone" / "model", to="torch", output=tmp_path / "out")
    assert "Not measured here" in card_of(tmp_path / "out")
    other = digits.train(tmp_path / "other", epochs=1)
    shutil.copy(other.path("predictions"), tmp_path / "alone" / "predictions.parquet")
    with pytest.raises(UserError, match="settings of its training differ"):
        export(tmp_path / "alone" / "model", to="torch", output=tmp_path / "out-2")
    (tmp_path / "alone" / "predictions.parquet").write_text("a table of somebody else")
    export(tmp_path / "alone" / "model", to="torch", output=tmp_path / "out-3")
    assert "Not measured here" in card_of(tmp_path / "out-3")


def test_card_of_a_model_without_record_or_metrics_says_so(
    cifar_model: Path, tmp_path: Path
) -> None:
    export(cifar_model, to="torch", output=tmp_path / "out")
    card = card_of(tmp_path / "out")
    assert "# An image classifier" in card
    assert "Not measured here" in card
    assert "- These weights: not recorded." in card
    assert "cat\\|dog" in card


def test_card_names_what_the_synthetic_images_are_of(tmp_path: Path) -> None:
    drawn = {"source": "glide", "model": "tiny-glide", "weights_sha256": ["ab" * 32]}
    made = {"generated_by": [drawn], "pretrained": {"licence": "mit"}}
    folder = recorded_as(made, tmp_path / "model")
    export(folder, to="torch", output=tmp_path / "out")
    card = card_of(tmp_path / "out")
    assert "| generated by | glide tiny-glide (weights abababababababab) |" in card
    assert "- What made synthetic images (glide tiny-glide): Apache-2.0." in card
    assert "- The weights that training started from: mit." in card


def test_card_says_of_imported_images_no_model_and_no_licence_that_nobody_told(
    tmp_path: Path,
) -> None:
    """The settings of images name the shipped model also where it drew nothing."""
    made = {"generated_by": [{"source": "imported", "model": "tiny-glide", "weights_sha256": []}]}
    folder = recorded_as(made, tmp_path / "model")
    export(folder, to="torch", output=tmp_path / "out")
    card = card_of(tmp_path / "out")
    assert "| generated by | imported |" in card
    assert "- What made synthetic images (imported): not recorded." in card
    export(folder, to="torch", output=tmp_path / "told", generator_licence="openrail")
    told = card_of(tmp_path / "told")
    assert "- What made synthetic images (imported): openrail." in told


def test_card_has_a_licence_for_each_maker_of_images(tmp_path: Path) -> None:
    """Classes may have generators of their own, and imported images beside drawn ones."""
    made = [
        {"source": "glide", "model": "tiny-glide", "weights_sha256": ["ab" * 32]},
        {"source": "diffusers", "model": "sd-turbo", "weights_sha256": []},
        {"source": "imported", "model": None, "weights_sha256": []},
    ]
    folder = recorded_as({"generated_by": made}, tmp_path / "model")
    export(folder, to="torch", output=tmp_path / "out")
    card = card_of(tmp_path / "out")
    assert "| generated by | glide tiny-glide (weights abababababababab); diffusers sd-" in card
    assert "- What made synthetic images (glide tiny-glide): Apache-2.0." in card
    assert "- What made synthetic images (diffusers sd-turbo): not recorded." in card
    export(folder, to="torch", output=tmp_path / "told", generator_licence="openrail")
    told = card_of(tmp_path / "told")
    assert "- What made synthetic images (diffusers sd-turbo): openrail." in told
    assert "- What made synthetic images (imported): not recorded." in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "onxn"], "--to: 'onxn', expected onnx, torch, timm, huggingface (did you mean"),
        (["--to", "timm"], "--to timm: timm cannot build resnet8; export it to torch or onnx"),
        (["--to", "huggingface"], "--to huggingface: timm cannot build resnet8"),
        (["--to", "torch", "--metrics", "no.json"], "--metrics: no.json: no such file"),
        (["--to", "torch", "--metrics", "odd.json"], "--metrics: odd.json: not readable"),
        (["--to", "torch", "--metrics", "other.json"], "of another network than"),
        (["--to", "torch", "--output", "full"], "full: is there already"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str],
    message: str,
    cifar_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/mine").touch()
    Path("odd.json").write_text("[1]")
    other = {"model": {"weights_sha256": "0"}, "figures": {}, "images": {"read": 1}}
    Path("other.json").write_text(json.dumps(other))
    words = words if "--output" in words else [*words, "--output", "out"]
    assert main(["export", str(cifar_model), *words]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not Path("out").exists()


def test_cosine_classifier_is_no_layer_of_timm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = NetworkConfig("resnet18", 64, 4, classifier="cosine", classifier_scale=5.0)
    model = saved(tmp_path / "model", config)
    words = ["export", str(model), "--to", "timm", "--output", str(tmp_path / "out")]
    assert main(words) == 2
    assert "this network has a cosine one; export it to torch or onnx" in capsys.readouterr().err


def test_onnx_that_is_not_installed_is_one_line(
    cifar_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    words = ["export", str(cifar_model), "--to", "onnx", "--output", str(tmp_path / "out")]
    assert main(words) == 2
    assert "pip install 'sau-longtail[export]'" in capsys.readouterr().err
