"""Models that load, and models that do not, in one clear line and without running code."""

import hashlib
import json
import shutil

import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file

from sau.assets.shipped import weights_sha256
from sau.core.errors import UserError
from sau.pipeline.scores.geometry import Geometry
from sau.pipeline.scores.load import load_model
from sau.pipeline.scores.weights import weights_of
from tests.pipeline.scores.conftest import SMALL_CONFIG

CPU = torch.device("cpu")


class Evil:
    """Pickled, it makes a file when it is read."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.fixture
def folder(small_model, tmp_path):
    return shutil.copytree(small_model, tmp_path / "model")


def configure(folder, **changes):
    path = folder / "open_clip_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "model_cfg": {**config["model_cfg"], **changes}}))


def test_folder_says_what_the_model_wants(small_model, tiny_clip):
    loaded = load_model(str(small_model), "", CPU)
    assert loaded.geometry == Geometry(side=24)
    assert (loaded.mean, loaded.std) == (
        open_clip.OPENAI_DATASET_MEAN,
        open_clip.OPENAI_DATASET_STD,
    )
    assert not loaded.model.training
    assert tiny_clip.geometry == Geometry(side=16, mode="squash")
    assert tiny_clip.mean == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("kind", ["safetensors", "pt", "wrapped.pt"])
def test_local_checkpoint_of_a_named_model(small_model, tmp_path, kind):
    weights = load_file(small_model / "open_clip_model.safetensors")
    path = tmp_path / f"checkpoint.{kind}"
    if kind == "safetensors":
        save_file(weights, path)
    else:
        torch.save({"state_dict": weights} if kind == "wrapped.pt" else weights, path)
    loaded = load_model(small_model.name, str(path), CPU)
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value, weights[name]), name
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert weights_of(small_model.name, str(path)) == {"weights_sha256": expected}


def test_weights_are_distinguished_where_they_are_files(small_model):
    assert weights_of(str(small_model), "") == {"weights_sha256": weights_sha256(small_model)}
    assert weights_of("ViT-B-32", "openai") == {}


@pytest.mark.parametrize("name", ["open_clip_pytorch_model.bin", "model.pth"])
def test_code_of_a_folders_checkpoint_is_not_run(folder, tmp_path, name):
    (folder / "open_clip_model.safetensors").unlink()
    torch.save({"state_dict": Evil(tmp_path / "ran")}, folder / name)
    with pytest.raises(UserError, match=r"scores.model: .* does not load in open_clip"):
        load_model(str(folder), "", CPU)
    assert not (tmp_path / "ran").exists()


def test_code_of_a_named_models_checkpoint_is_not_run(small_model, tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.save({"state_dict": Evil(tmp_path / "ran")}, path)
    with pytest.raises(UserError, match=r"does not load in open_clip: .* could run code"):
        load_model(small_model.name, str(path), CPU)
    assert not (tmp_path / "ran").exists()


def test_code_of_a_tokenizer_is_not_run(folder):
    text = {**SMALL_CONFIG["text_cfg"], "tokenizer_kwargs": {"trust_remote_code": True}}
    configure(folder, text_cfg=text)
    with pytest.raises(UserError, match="trust_remote_code"):
        load_model(str(folder), "", CPU)


def test_tokenizer_that_asks_to_run_its_code_is_refused(folder, tmp_path):
    configure(folder, text_cfg={**SMALL_CONFIG["text_cfg"], "hf_tokenizer_name": "own"})
    auto_map = {"AutoTokenizer": ["own.Tokenizer", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": auto_map}))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(UserError, match=r"tokenizer_config.json asks to run code \(auto_map\)"):
        load_model(str(folder), "", CPU)
    assert not (tmp_path / "ran").exists()


def test_folder_whose_weights_are_not_the_models_is_refused(folder):
    path = folder / "open_clip_model.safetensors"
    weights = load_file(path)
    del weights["visual.proj"]
    save_file(weights, path)
    with pytest.raises(
        UserError, match=r"open_clip_model.safetensors lacks the weights visual.proj"
    ):
        load_model(str(folder), "", CPU)


@pytest.mark.parametrize(
    "changes",
    [
        {"text_cfg": None},
        {"vision_cfg": None},
        {"vision_cfg": {**SMALL_CONFIG["vision_cfg"], "layers": 2}},
        {"vision_cfg": {**SMALL_CONFIG["vision_cfg"], "patch_size": 0}},
        {"vision_cfg": {**SMALL_CONFIG["vision_cfg"], "wings": 2}},
        {"vision_cfg": {**SMALL_CONFIG["vision_cfg"], "image_size": [16, 24]}},
        {"embed_dim": 13},
        {"unknown": 1},
    ],
    ids=str,
)
def test_config_and_weights_that_do_not_fit_are_one_line(folder, changes):
    configure(folder, **changes)
    with pytest.raises(UserError, match=r"scores.model: .* does not load in open_clip: ") as found:
        load_model(str(folder), "", CPU)
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 500


@pytest.mark.parametrize("broken", ["config", "no config", "weights", "no weights"])
def test_damaged_folders_are_one_line(folder, broken):
    name = "open_clip_config.json" if "config" in broken else "open_clip_model.safetensors"
    (folder / name).unlink()
    if "no" not in broken:
        (folder / name).write_text("{")
    with pytest.raises(UserError, match=r"scores.model: .* does not load in open_clip: "):
        load_model(str(folder), "", CPU)


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04"], ids=str)
def test_damaged_checkpoints_are_one_line(small_model, tmp_path, content):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)
    with pytest.raises(UserError, match="checkpoint.pt does not load in open_clip: "):
        load_model(small_model.name, str(path), CPU)


def test_checkpoint_beside_a_folder_is_refused(small_model):
    with pytest.raises(UserError, match="brings weights of its own"):
        load_model(str(small_model), "openai", CPU)


@pytest.mark.parametrize(("tag", "quick"), [("openai", True), ("datacomp_xl_s13b_b90k", False)])
def test_activation_is_the_one_that_a_tags_weights_were_trained_with(monkeypatch, tag, quick):
    asked = {}

    def no_network(name, **options):
        asked.update(options, name=name)
        raise OSError("no network")

    monkeypatch.setattr(open_clip, "create_model_from_pretrained", no_network)
    with pytest.raises(UserError, match=f"ViT-B-32 with {tag} does not load .* no network"):
        load_model("ViT-B-32", tag, CPU)
    assert (asked["name"], asked["force_quick_gelu"]) == ("ViT-B-32", quick)
    assert asked["weights_only"]


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of its age
def test_torchscript_is_refused(small_model, tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), path)
    with pytest.raises(UserError, match="checkpoint.pt does not load in open_clip: .*TorchScript"):
        load_model(small_model.name, str(path), CPU)
