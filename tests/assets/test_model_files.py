"""Folders of models that lead nowhere else, hang nothing and ask for no code."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from sau.assets import model_code
from sau.assets.model_files import check_model_folder
from sau.assets.shipped import ASSETS, SHIPPED
from sau.core.errors import UserError
from sau.storage.lfs_pointer import LFS_POINTER

INDEX = "diffusion_pytorch_model.safetensors.index.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline's folder with a network in two files."""
    made = tmp_path / "model"
    network = made / "unet"
    network.mkdir(parents=True)
    write(made / "model_index.json", {"_class_name": "P", "unet": ["diffusers", "U"]})
    write(network / "config.json", {"sample_size": 8})
    for number in (1, 2):
        save_file({f"w{number}": torch.zeros(1)}, network / f"m-{number}.safetensors")
    places = {f"w{number}": f"m-{number}.safetensors" for number in (1, 2)}
    write(network / INDEX, {"weight_map": places})
    return made


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))


def refused(folder: Path, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        check_model_folder(folder, "images.model")
    assert str(raised.value).startswith(f"images.model: {folder}: ")
    assert "\n" not in str(raised.value)


def test_whole_folders_are_taken(folder: Path) -> None:
    check_model_folder(folder, "images.model")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_models_are_taken(name: str) -> None:
    check_model_folder(ASSETS / name, "images.model")


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside", "nothing", "unet/../../outside"])
def test_link_out_of_the_folder_is_refused(folder: Path, target: str) -> None:
    (folder.parent / "outside").write_text("{}")
    (folder / "extra.json").symlink_to(target)
    refused(folder, "extra.json is a link to ")


def test_folder_that_is_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder / "vae").symlink_to(folder.parent / "elsewhere")
    refused(folder, "vae is a link to .*elsewhere, which is not part of the model's folder")


def test_link_in_a_circle_is_refused(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    refused(folder, "a is a link to b")


def test_links_within_the_folder_are_taken(folder: Path) -> None:
    (folder / "again").symlink_to("unet")
    (folder / "config.json").symlink_to("unet/config.json")
    (folder / "up").symlink_to(".")
    check_model_folder(folder, "images.model")


def test_links_of_the_cache_of_hugging_face_are_taken(folder: Path) -> None:
    snapshot = folder.parent / "models--a--b" / "snapshots" / "0123"
    blobs = snapshot.parents[1] / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    (blobs / "abc").write_text("{}")
    (snapshot / "config.json").symlink_to("../../blobs/abc")
    check_model_folder(snapshot, "images.model")
    (snapshot / "part").mkdir()
    (snapshot / "part" / "config.json").symlink_to("../../../blobs/abc")
    check_model_folder(snapshot, "images.model")
    check_model_folder(snapshot / "part", "images.model")
    (snapshot / "other.json").symlink_to("../../refs")
    refused(snapshot, "other.json is a link to ")


def test_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "unet" / "pipe.json")
    refused(folder, r"unet/pipe.json is no file \(a pipe or a device\)")


def test_hidden_files_are_not_looked_at(folder: Path) -> None:
    (folder / ".gitattributes").symlink_to("/nothing")
    (folder / ".cache").mkdir()
    write(folder / ".cache" / "config.json", {"auto_map": {"A": "b.C"}})
    check_model_folder(folder, "images.model")


def test_tokenizer_of_a_gigabyte_is_refused(folder: Path) -> None:
    with (folder / "tokenizer.json").open("wb") as file:
        file.truncate(2**30)  # takes no room
    refused(folder, "tokenizer.json has 1,024 MiB, expected at most 256; fetch or copy")


def test_configuration_that_is_too_large_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_code, "LONGEST_CONFIGURATION", 10)
    refused(folder, "has 0 MiB, expected at most 0")


def test_configuration_that_is_nested_without_end_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 100_000)
    refused(folder, "config.json is nested too deeply")


def test_pointer_of_git_lfs_is_refused(folder: Path) -> None:
    pointer = LFS_POINTER + b"v1\noid sha256:0\nsize 9\n"
    (folder / "unet" / "m-1.safetensors").write_bytes(pointer)
    refused(folder, "unet/m-1.safetensors is a pointer of Git LFS, .*`git lfs pull`")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["own.Tokenizer", None]}}),
        ("config.json", {"auto_map": {"AutoConfig": "own.Config"}}),
        ("preprocessor_config.json", {"auto_map": {"AutoImageProcessor": "o/r--own.P"}}),
        ("unet/config.json", {"auto_map": {"AutoModel": "own.Network"}}),
        ("processor_config.json", {"image_processor": {"auto_map": {"A": "own.P"}}}),
        ("open_clip_config.json", {"text_cfg": {"tokenizer_kwargs": {"trust_remote_code": True}}}),
        ("generation_config.json", {"custom_generate": "o/r"}),
        ("model_index.json", {"_class_name": "P", "custom_pipeline": "o/r"}),
        ("config.json", {"text_config": [{"attn_implementation": "o/kernel"}]}),
    ],
)
def test_configuration_that_asks_to_run_code_is_refused(
    folder: Path, name: str, content: object
) -> None:
    write(folder / name, content)
    refused(folder, rf"{name} asks to run code \(\w+\), which is never done")


@pytest.mark.parametrize(
    "content",
    [
        {"auto_map": None, "trust_remote_code": False, "attn_implementation": "sdpa"},
        {"architectures": ["auto_map"]},
        ["auto_map"],
    ],
)
def test_configuration_that_asks_for_nothing_is_taken(folder: Path, content: object) -> None:
    write(folder / "config.json", content)
    (folder / "tokenizer.json").write_text('{"vocab": {"auto_map": 1}}')
    check_model_folder(folder, "images.model")


@pytest.mark.parametrize("library", ["os", "own", "http.server", "", "diffusers.utils", "unet"])
def test_part_of_another_library_is_refused(folder: Path, library: str) -> None:
    write(folder / "model_index.json", {"_class_name": "P", "unet": [library, "U"]})
    refused(folder, f"model_index.json: unet is of '{library}', whose code is never run")


def test_pipeline_of_the_folders_own_is_refused(folder: Path) -> None:
    write(folder / "model_index.json", {"_class_name": ["pipeline", "Own"]})
    refused(folder, "names a pipeline of the folder's own")


def test_parts_that_pipelines_bring_themselves_are_taken(folder: Path) -> None:
    checker = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    write(folder / "model_index.json", {"_class_name": "P", "s": checker, "n": [None, None]})
    check_model_folder(folder, "images.model")


@pytest.mark.parametrize("name", ["../../x.safetensors", "/etc/passwd", "no.safetensors", "", ".."])
def test_index_that_names_what_is_not_beside_it_is_refused(folder: Path, name: str) -> None:
    (folder.parent / "x.safetensors").write_bytes(b"")
    write(folder / "unet" / INDEX, {"weight_map": {"w1": name}})
    refused(folder, rf"unet/{INDEX} names '.*', which is no file beside it")


@pytest.mark.parametrize("content", [[], {}, {"weight_map": []}, {"weight_map": {"w": 1}}, None])
def test_index_of_another_kind_is_refused(folder: Path, content: object) -> None:
    write(folder / "unet" / INDEX, content)
    refused(folder, "is no index of weights")


@pytest.mark.parametrize(
    ("held", "problem"),
    [({}, "lacks"), ({"w1": 1, "w2": 1}, "has unexpected"), ({"x": 1}, "lacks")],
)
def test_files_that_hold_other_weights_than_their_index_says_are_refused(
    folder: Path, held: dict[str, int], problem: str
) -> None:
    weights = {name: torch.zeros(count) for name, count in held.items()}
    save_file(weights, folder / "unet" / "m-1.safetensors")
    refused(folder, rf"unet/m-1.safetensors {problem} weights, 1 of them, such as 'w")


@pytest.mark.parametrize("start", [b"", (2**60).to_bytes(8, "little") + b"{", b"\x08" + b"\0" * 7])
def test_damaged_header_is_one_line(folder: Path, start: bytes) -> None:
    (folder / "unet" / "m-1.safetensors").write_bytes(start)
    refused(folder, "unet/m-1.safetensors: SafetensorError: ")


def test_index_of_transformers_may_name_a_tied_weight_twice(folder: Path) -> None:
    places = {"w1": "m-1.safetensors", "tied": "m-1.safetensors"}
    (folder / "unet" / INDEX).unlink()
    write(folder / "unet" / "model.safetensors.index.json", {"weight_map": places})
    check_model_folder(folder, "images.model")
