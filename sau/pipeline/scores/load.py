"""A CLIP of open_clip's, with the pixels and words that it wants."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import open_clip
import torch

from sau.assets.shipped import SHIPPED, model_folder, weights_sha256
from sau.core.errors import UserError
from sau.core.unloadable import UNLOADABLE, reason_of
from sau.pipeline.scores.geometry import Geometry, geometry_of
from sau.storage.files import file_sha256


@dataclasses.dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode, on its device.

    Attributes:
        model: has `encode_image`, `encode_text` and `logit_scale`.
        tokenizer: turns texts into what `encode_text` takes.
        geometry: brings an image to the square that the model looks at.
        mean: of each channel, taken off pixels from 0 to 1.
        std: of each channel, by which they are then divided.
    """

    model: Any
    tokenizer: Any
    geometry: Geometry
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def load_model(model: str, pretrained: str, device: torch.device) -> LoadedModel:
    """Load a model with its weights; no code that a file may hold is run.

    Args:
        model: a shipped name, a folder in open_clip's format (`open_clip_config.json` and weights
            such as `open_clip_model.safetensors`), or a model name of open_clip such as ViT-B-32.
        pretrained: for a model name, open_clip's tag or a local checkpoint; else empty.
        device: where to.

    Raises:
        UserError: no such model or weights, or they do not fit each other.
    """
    folder = _local_folder(model)
    if folder:
        if pretrained:
            raise UserError(
                f"scores.pretrained: {pretrained!r}, but the folder {folder} brings weights of its "
                "own; leave it empty, or name a model of open_clip"
            )
        _refuse_code(folder)
    else:
        _check_names(model, pretrained)
    name = f"local-dir:{folder}" if folder else model
    try:
        loaded = open_clip.create_model_from_pretrained(
            name,
            pretrained=pretrained or None,
            device=device,
            return_transform=False,
            weights_only=True,
            # Weights remember no activation: open_clip would only warn and compute another one.
            force_quick_gelu=_wants_quick_gelu(model, pretrained),
        )
        return as_loaded(loaded, open_clip.get_tokenizer(name))
    except UNLOADABLE as error:
        raise UserError(
            f"scores.model: {model}{f' with {pretrained}' if pretrained else ''} does not load in "
            f"open_clip: {reason_of(error)}"
        ) from error


def as_loaded(model: Any, tokenizer: Any) -> LoadedModel:
    """Return a model of open_clip's, whose weights may be random, ready to score.

    Raises:
        ValueError: the model looks at images that are not square.
    """
    preprocess = open_clip.get_model_preprocess_cfg(model)
    return LoadedModel(
        model=model.eval(),
        tokenizer=tokenizer,
        geometry=geometry_of(preprocess),
        mean=tuple(preprocess["mean"]),
        std=tuple(preprocess["std"]),
    )


def weights_of(model: str, pretrained: str) -> dict[str, str]:
    """Return what tells a scorer's weights apart, where they are files of ours to read."""
    folder = _local_folder(model)
    if folder:
        return {"weights_sha256": weights_sha256(folder)}
    if Path(pretrained).is_file():
        return {"weights_sha256": file_sha256(Path(pretrained))}
    return {}


def _local_folder(model: str) -> Path | None:
    if model in SHIPPED or Path(model).is_dir():
        return model_folder(model, "scores.model")
    return None


def _check_names(model: str, pretrained: str) -> None:
    known = open_clip.list_models()
    if model not in known:
        raise UserError(
            f"scores.model: {model!r} is neither a folder nor a model of open_clip "
            f"(such as {', '.join(known[:3])}; `open_clip.list_models()` names all)"
        )
    if not pretrained:
        raise UserError(
            f"scores.pretrained: empty, but {model} has no meaning without weights; give "
            "open_clip's tag, such as openai, or the path of a checkpoint"
        )
    if not open_clip.is_pretrained_cfg(model, pretrained) and not Path(pretrained).is_file():
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "it has none"
        raise UserError(
            f"scores.pretrained: {pretrained!r} is neither a file nor a tag of {model} ({tags})"
        )


def _wants_quick_gelu(model: str, pretrained: str) -> bool:
    """Return whether the weights of a tag were trained with OpenAI's faster form of GELU."""
    return bool(open_clip.get_pretrained_cfg(model, pretrained).get("quick_gelu", False))


def _refuse_code(folder: Path) -> None:
    """Refuse a folder whose tokenizer would be Python code of its own."""
    try:
        config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # open_clip says what is wrong with it
    if "trust_remote_code" in str(config):
        raise UserError(
            f"scores.model: {folder}: its open_clip_config.json asks to run code "
            "(trust_remote_code), which is never done; take that out"
        )
