"""Weights of open_clip's models: published ones, files and folders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import open_clip
from huggingface_hub import constants
from open_clip.model import resize_pos_embed
from torch import nn

from sau.core.errors import ArgumentError, UserError
from sau.networks.open_clip_encoder import split_tag, tower_config
from sau.networks.pretrained.find import not_here
from sau.networks.pretrained.json_config import read_config
from sau.networks.pretrained.weights import Pixels, PretrainedWeights
from sau.storage.weights_file import State

CONFIG = "open_clip_config.json"
FILES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)
_CACHE = "~/.cache/clip"
_TOWER = "visual."
"""What names of the image tower's weights begin with."""


def published(name: str) -> PretrainedWeights:
    """Return the weights of the tag in a name such as ViT-B-32.openai.

    Raises:
        ArgumentError: the name has no tag, or the weights are not here and cannot be fetched.
    """
    config = _config(name)
    published = published_config(name)
    try:
        path = Path(open_clip.download_pretrained(published))
    except Exception as error:  # of the hub's client, of HTTP or of the disk: all say the same
        raise not_here(
            f"open_clip/{name}",
            "fetch them where there is a network and copy the cache, "
            f"{constants.HF_HUB_CACHE if published.get('hf_hub') else _CACHE}, here",
            error,
        ) from error
    source = published.get("hf_hub") or published.get("url") or split_tag(name)[1]
    pixels = _pixels(published, config, f"open_clip/{name}")
    return PretrainedWeights(path=path, pixels=pixels, source=f"{source}".rstrip("/"))


def published_config(name: str) -> dict[str, Any]:
    """Return what open_clip says of the published weights that a name means; none are fetched.

    Raises:
        ArgumentError: the name has no tag, so it does not say which.
    """
    model, tag = split_tag(name)
    if not tag:
        tags = ", ".join(f"open_clip/{model}.{t}" for t in _tags(model)) or "nothing"
        raise ArgumentError(
            f"pretrained: yes, but backbone open_clip/{name} does not say which weights; open_clip "
            f"publishes {tags}"
        )
    return dict(open_clip.get_pretrained_cfg(model, tag))


def in_file(name: str, path: Path) -> PretrainedWeights:
    """Return weights in a file, which want images as those of the name's tag do.

    Raises:
        ArgumentError: the name has no tag, and those that there are want different images.
    """
    config = _config(name)
    model, tag = split_tag(name)
    wanted = [open_clip.get_pretrained_cfg(model, t) for t in ([tag] if tag else _tags(model))]
    found = {_pixels(one, config, f"open_clip/{name}") for one in wanted}
    if len(found) > 1:
        raise ArgumentError(
            f"backbone: open_clip/{name} does not say how the weights in {path} want their images, "
            f"and tags differ; add the one that they are of: {', '.join(_tags(model))}"
        )
    # A model without published weights was trained as open_clip trains.
    pixels = found.pop() if found else _pixels({}, config, f"open_clip/{name}")
    return PretrainedWeights(path=path, pixels=pixels, source=f"the file {path.name}")


def in_folder(name: str, folder: Path) -> PretrainedWeights:
    """Return the weights in a folder that open_clip wrote, and what it says of their images.

    Raises:
        ArgumentError: no configuration or weights in it, or those of another tower.
    """
    what = f"pretrained: {folder / CONFIG}"
    stated = read_config(folder / CONFIG, what)
    config, own = _config(name), stated.get("model_cfg")
    if not isinstance(own, Mapping) or not _same_tower(own, config):
        raise ArgumentError(
            f"{what} is of another image tower than backbone open_clip/{name}; choose the model "
            "of the folder"
        )
    preprocess = stated.get("preprocess_cfg")
    pixels = _pixels(preprocess if isinstance(preprocess, Mapping) else {}, config, what)
    return PretrainedWeights.of_folder(folder, FILES, pixels)


def fitted(state: State, tower: nn.Module, name: str) -> State:
    """Return the image tower's weights among those of a whole model.

    Args:
        state: weights by their names.
        tower: which gets them; position embeddings are resized to its images.
        name: the model's.

    Raises:
        UserError: there is no image tower among them.
    """
    visual = {key: value for key, value in state.items() if key.startswith(_TOWER)}
    if not visual:
        raise UserError(
            f"pretrained: no weight's name begins with {_TOWER!r}; expected those of a whole "
            f"model {name} of open_clip"
        )
    holder = nn.Module()
    holder.visual = tower
    resize_pos_embed(visual, holder)
    return {key.removeprefix(_TOWER): value for key, value in visual.items()}


def _same_tower(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("embed_dim", "vision_cfg"))


def _tags(model: str) -> list[str]:
    tags: list[str] = open_clip.list_pretrained_tags_by_model(model)
    return tags


def _config(name: str) -> dict[str, Any]:
    try:
        return tower_config(name)
    except ValueError as error:
        raise ArgumentError(str(error)) from error


def _pixels(stated: Mapping[str, Any], config: Mapping[str, Any], what: str) -> Pixels:
    defaults = {
        "mean": open_clip.OPENAI_DATASET_MEAN,
        "std": open_clip.OPENAI_DATASET_STD,
        "interpolation": "bicubic",
    }
    known = {key: stated[key] for key in defaults if stated.get(key) is not None}
    try:
        return Pixels.from_config(defaults | known, config["vision_cfg"]["image_size"])
    except ValueError as error:
        raise ArgumentError(
            f"{what}: its weights do not say how they want their images: {error}"
        ) from error
