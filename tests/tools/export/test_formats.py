"""Exported folders give the network's own outputs, in processes without this package."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
from PIL import Image

from sau.core.errors import UserError
from sau.networks import NetworkConfig
from sau.sources.decode import decode
from sau.sources.resize import fit
from sau.tools.export import export
from sau.tools.export.standalone.model import read_image
from tests.tools.digits import Digits
from tests.tools.export.conftest import expected, pictures, saved, without_sau

TORCH = """
import torch

def find(images):
    for name in ("model", "resnet_cifar", "whitened_cnn"):
        sys.modules.pop(name, None)  # each folder's own
    from model import load
    with torch.no_grad():
        return load(".")(torch.from_numpy(images)).numpy()
"""
ONNX = """
import onnxruntime

def find(images):
    session = onnxruntime.InferenceSession("model.onnx")
    run = lambda batch: session.run(["probabilities"], {"images": batch})[0]
    return np.concatenate([run(images[:1]), run(images[1:])])
"""
TIMM_AND_TRANSFORMERS = """
import timm
import torch
from PIL import Image

NAMES = ["ant", "bee", "cat|dog", "élan"]

def find(images):
    pictures = [Image.fromarray(one.transpose(1, 2, 0)) for one in images]
    with torch.no_grad():
        of_timm = by_timm(pictures)
        if os.path.basename(os.getcwd()) == "huggingface":
            assert np.abs(by_transformers(pictures) - of_timm).max() < 1e-5
    return of_timm

def by_timm(pictures):
    model = timm.create_model("local-dir:.", pretrained=True).eval()
    config = timm.data.resolve_model_data_config(model)
    transform = timm.data.create_transform(**config, is_training=False)
    assert model.pretrained_cfg["label_names"] == NAMES
    return model(torch.stack([transform(one) for one in pictures])).softmax(dim=1).numpy()

def by_transformers(pictures):
    from transformers import AutoImageProcessor, AutoModelForImageClassification
    model = AutoModelForImageClassification.from_pretrained(".").eval()
    assert [model.config.id2label[label] for label in range(4)] == NAMES
    inputs = AutoImageProcessor.from_pretrained(".")(pictures, return_tensors="pt")
    return model(**inputs).logits.softmax(dim=1).numpy()
"""


def check(models: dict[Path, Path], code: str) -> None:
    """Export models, and compare what they find without this package with what they find here.

    Args:
        models: by the folder to export to, whose name is the format.
        code: to load a folder.
    """
    for output, model in models.items():
        export(model, to=output.name, output=output)
    compare(models, code)


def compare(models: dict[Path, Path], code: str) -> None:
    """Do the second half of `check` with folders that are exported already."""
    for output, model in models.items():
        np.save(output / "images.npy", pictures(model))
    found = without_sau(list(models), code)
    for model, ours in zip(models.values(), found, strict=True):
        here = expected(model, pictures(model))
        assert np.abs(ours - here).max() < 1e-4, model
        assert np.median(here.max(axis=1)) < 0.99


VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "oblong": ({"size": [24, 36], "test_views": "flip"}, {}),
    "whitened": ({"test_views": "flip_and_shift"}, {"backbone": "whitened_cnn", "width": 3}),
    "centre": ({"view_set": "imagenet", "crop_size": 28}, {}),
    "cosine": ({}, {"classifier": "cosine", "classifier_scale": 5.0}),
    "torchvision": ({}, {"backbone": "resnet18", "width": 64}),
    "entrance": ({}, {"input_size": 24}),
    "timm": (
        {"size": [48, 48]},
        {"backbone": "timm/test_vit.r160_in1k", "width": 0, "input_size": 48},
    ),
    "projection": ({}, {"projection_hidden": 8, "projection_size": 4}),
}


def model_of(variant: str, folder: Path) -> Path:
    preprocessing, network = VARIANTS[variant]
    config = NetworkConfig(**{"backbone": "resnet8", "width": 8, "classes": 4} | network)
    return saved(folder / variant, config, **preprocessing)


def test_torch_folders_load_in_plain_torch(tmp_path: Path) -> None:
    check({tmp_path / f"{v}-out" / "torch": model_of(v, tmp_path) for v in VARIANTS}, TORCH)


@pytest.fixture(scope="module")
def onnx_of_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An exported folder and its model; an export takes seconds, so that tests share this one.

    With mirror images, a resized centre, an entrance and a cosine classifier in the graph.
    """
    folder = tmp_path_factory.mktemp("onnx")
    config = NetworkConfig(
        "resnet8", 8, 4, classifier="cosine", classifier_scale=5.0, input_size=24
    )
    choices = {"view_set": "imagenet", "crop_size": 28, "test_views": "flip"}
    model = saved(folder / "model", config, **choices)
    export(model, to="onnx", output=folder / "onnx")
    return folder / "onnx", model


def test_onnx_takes_bytes_in_batches_of_any_size(onnx_of_model: tuple[Path, Path]) -> None:
    compare(dict([onnx_of_model]), ONNX)


def test_onnx_of_an_open_clip_tower(open_clip_folder: Path, tmp_path: Path) -> None:
    config = NetworkConfig(f"open_clip/{open_clip_folder.name}", 0, 4, input_size=24)
    check({tmp_path / "onnx": saved(tmp_path / "model", config)}, ONNX)


def test_network_that_pytorch_cannot_write_as_onnx_is_one_line(tmp_path: Path) -> None:
    config = NetworkConfig("timm/test_vit_relpos", 0, 4, input_size=32)
    model = saved(tmp_path / "model", config, size=[32, 32])
    with pytest.raises(UserError, match=r"cannot write timm/test_vit_relpos as ONNX; export it"):
        export(model, to="onnx", output=tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def test_onnx_says_nothing_of_this_machine(
    onnx_of_model: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, model = onnx_of_model
    export(model, to="onnx", output=tmp_path / "other")
    data = [(place / "model.onnx").read_bytes() for place in (folder, tmp_path / "other")]
    assert data[0] == data[1]
    assert b"site-packages" not in data[0]
    assert b"standalone" not in data[0]


def test_timm_and_transformers_load_networks_as_their_own(tmp_path: Path) -> None:
    models = [model_of(variant, tmp_path) for variant in ("torchvision", "timm")]
    folders = {
        tmp_path / str(place) / to: model
        for place, model in enumerate(models)
        for to in ("timm", "huggingface")
    }
    check(folders, TIMM_AND_TRANSFORMERS)


def test_every_family_of_timm_is_exported(tmp_path: Path) -> None:
    """One tiny network of each: `export` refuses what differs from it by more than 1e-4."""
    names = timm.list_models("test_*")
    assert len(names) > 10
    for name in names:
        config = NetworkConfig(f"timm/{name}", 0, 4, input_size=64)
        model = saved(tmp_path / name, config, size=[48, 40])
        for to in ("torch", "huggingface"):
            export(model, to=to, output=tmp_path / f"{name}-{to}")


def test_read_image_does_what_predict_does(digits: Digits, tmp_path: Path) -> None:
    """From files of another size, to the class and probability of training's predictions."""
    from sau.pipeline.dataset.digits import list_digits

    export(digits.model, to="torch", output=tmp_path / "out")
    originals = {record.id: record.data for record in list_digits().records()}
    for place, name in enumerate(digits.test_images()["id"]):
        (tmp_path / "out" / f"{place:03d}.png").write_bytes(originals[name])
    np.save(tmp_path / "out" / "images.npy", np.empty(0))
    code = """
import torch
from pathlib import Path

def find(_):
    from model import load, read_image
    model = load(".")
    images = torch.stack([read_image(p, model.size) for p in sorted(Path(".").glob("*.png"))])
    with torch.no_grad():
        return torch.stack(model(images).max(dim=1)).numpy()
"""
    ((confidence, predicted),) = without_sau([tmp_path / "out"], code)
    stored = digits.predictions()
    assert predicted.tolist() == stored["predicted"].tolist()
    assert np.allclose(confidence, stored["confidence"], atol=1e-5)


def of_all_modes(folder: Path) -> list[Path]:
    """Write noise in the modes of which Pillow's own RGB is not what training has seen."""
    random = np.random.default_rng(0)
    noise = Image.fromarray(random.integers(0, 256, (20, 30, 3), dtype=np.uint8))
    layered = noise.copy()
    layered.putalpha(Image.fromarray(random.integers(0, 256, (20, 30), dtype=np.uint8)))
    deep = Image.fromarray(random.integers(0, 65536, (20, 30), dtype=np.uint16))
    turned = Image.Exif()
    turned[0x0112] = 6
    layered.save(folder / "layered.png")
    layered.convert("LA").save(folder / "grey.png")
    noise.quantize(16).save(folder / "palette.gif", transparency=3)
    noise.convert("CMYK").save(folder / "print.jpg")
    noise.save(folder / "turned.jpg", exif=turned)
    deep.save(folder / "deep.png")
    deep.save(folder / "deep.tif")
    return sorted(folder.iterdir())


def test_read_image_of_every_mode_is_that_of_training(tmp_path: Path) -> None:
    for file in of_all_modes(tmp_path):
        image, _ = decode(file.read_bytes())
        expected = np.asarray(fit(image, (12, 8))).transpose(2, 0, 1)
        assert np.array_equal(read_image(file, (12, 8)).numpy(), expected), file.name
