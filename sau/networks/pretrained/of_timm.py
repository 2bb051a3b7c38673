"""Weights of timm's models: published ones, those of a package, files and folders."""

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
from huggingface_hub import constants, hf_hub_download
from torch import nn

from sau.core.errors import ArgumentError
from sau.networks.pretrained.find import not_here
from sau.networks.pretrained.json_config import read_config
from sau.networks.pretrained.packaged import in_timms_names, is_under_other_names, packaged_file
from sau.networks.pretrained.weights import Pixels, PretrainedWeights
from sau.networks.timm_encoder import published_config
from sau.storage.weights_file import State

CONFIG, SAFE, PICKLE = "config.json", "model.safetensors", "pytorch_model.bin"


def published(name: str) -> PretrainedWeights:
    """Return the weights that are published under a model's name.

    Those that an installed package holds come before those of the Hugging Face Hub, which are
    downloaded once and then lie in its cache.

    Raises:
        ArgumentError: no weights are published, or they are not here and cannot be fetched.
    """
    config = _config(name)
    pixels, licence = _pixels(config, f"timm/{name}"), config.get("license") or ""
    packaged = packaged_file(config["architecture"])
    if packaged is not None:
        package, path = packaged
        source = f"the package {package}"
        return PretrainedWeights(path=path, pixels=pixels, source=source, licence=licence)
    hub = config.get("hf_hub_id")
    if not hub:
        raise ArgumentError(
            f"pretrained: yes, but the Hugging Face Hub has no weights for timm/{name}; give the "
            "path of a file"
        )
    file = config.get("hf_hub_filename") or SAFE
    try:
        path = Path(hf_hub_download(hub, file))
    except Exception as error:  # of the hub's client, of HTTP or of the disk: all say the same
        raise not_here(
            f"timm/{name}",
            f"run `hf download {hub} {file}` where there is a network and copy its cache to "
            f"{constants.HF_HUB_CACHE}",
            error,
        ) from error
    source = f"{hub} of the Hugging Face Hub"
    return PretrainedWeights(path=path, pixels=pixels, source=source, licence=licence)


def in_file(name: str, path: Path) -> PretrainedWeights:
    """Return weights in a file, which want images as those published under the name do."""
    pixels = _pixels(_config(name), f"timm/{name}")
    return PretrainedWeights(path=path, pixels=pixels, source=f"the file {path.name}")


def in_folder(name: str, folder: Path) -> PretrainedWeights:
    """Return the weights in a folder that timm wrote, and what its configuration says of them.

    Raises:
        ArgumentError: no configuration or weights in it, or those of another model.
    """
    what = f"pretrained: {folder / CONFIG}"
    config = read_config(folder / CONFIG, what)
    architecture, ours = config.get("architecture"), _config(name)["architecture"]
    if architecture != ours:
        raise ArgumentError(
            f"{what} is of {architecture!r}, but backbone is timm/{name}; set backbone to the "
            "model of the folder"
        )
    stated = config.get("pretrained_cfg")
    pixels = _pixels(stated if isinstance(stated, Mapping) else {}, what)
    return PretrainedWeights.of_folder(folder, (SAFE, PICKLE), pixels)


def fitted(state: State, network: nn.Module, name: str) -> State:
    """Return weights in the layout of a model of timm, its classifier's left out.

    Args:
        state: weights by their names.
        network: without a classifier.
        name: the model's.
    """
    config, own = _config(name), network.state_dict()
    if is_under_other_names(state):
        whole = timm.create_model(config["architecture"], pretrained=False)
        state = in_timms_names(state, list(whole.state_dict()))
    classifiers = config.get("classifier") or ()
    classifiers = (classifiers,) if isinstance(classifiers, str) else classifiers
    heads = tuple(f"{classifier}." for classifier in classifiers)
    kept = {key: value for key, value in state.items() if key in own or not key.startswith(heads)}
    if all(key in own and own[key].shape == value.shape for key, value in kept.items()):
        return kept
    # Other names that timm knows, and other grids of positions.
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    return kept if convert is None else dict(convert(kept, network))


def _config(name: str) -> dict[str, Any]:
    try:
        config = published_config(name)
    except ValueError as error:
        raise ArgumentError(str(error)) from error
    found = dataclasses.asdict(config)
    return found | {"architecture": config.architecture or name.partition(".")[0]}


def _pixels(config: Mapping[str, Any], what: str) -> Pixels:
    sizes = config.get("input_size")
    size = sizes[-1] if isinstance(sizes, list | tuple) and len(sizes) == 3 else None
    try:
        return Pixels.from_config(config, size)
    except ValueError as error:
        raise ArgumentError(
            f"{what}: its weights do not say how they want their images: {error}"
        ) from error
