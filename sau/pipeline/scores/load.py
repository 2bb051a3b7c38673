"""The CLIP that the settings name, with the pixels and words that it wants."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.factory import _find_checkpoint_in_dir  # the order in which it looks for weights

from sau.assets.model_code import read_json
from sau.assets.model_files import check_model_folder
from sau.assets.vocabulary import check_tokens, check_vocabulary
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.pipeline.scores.checkpoint import load_weights
from sau.pipeline.scores.geometry import geometry_of
from sau.pipeline.scores.loaded_model import LoadedModel
from sau.pipeline.scores.preprocessing import of_architecture, of_folder, of_tag
from sau.pipeline.scores.weights import local_folder
from sau.settings.names import did_you_mean
from sau.storage.weights import refuse_not_finite

OPEN_CLIP_CONFIG = "open_clip_config.json"
TRANSFORMERS_CONFIG = "config.json"


def load_model(
    model: str, pretrained: str, device: torch.device, trained_as: str = ""
) -> LoadedModel:
    """Load a model with all of its weights; no code that a file may hold is run.

    Args:
        model: a shipped name, a folder in open_clip's format (`open_clip_config.json` and weights
            such as `open_clip_model.safetensors`), a folder of a CLIP or SigLIP of transformers
            (`config.json`), or a model name of open_clip such as ViT-B-32.
        pretrained: for a model name, open_clip's tag or a local checkpoint; else empty.
        device: where to.
        trained_as: for a local checkpoint, the tag of the same model whose preprocessing and
            activation its weights have; empty where all tags agree on the former.

    Raises:
        UserError: no such model or weights, they do not fit each other, or it is not clear how
            the weights want their images.
    """
    folder = local_folder(model)
    if folder:
        return _from_folder(model, folder, pretrained, trained_as, device)
    _check_names(model, pretrained, trained_as)
    if not open_clip.is_pretrained_cfg(model, pretrained):
        return _from_file(model, Path(pretrained), trained_as, device)
    what = f"scores.model: {model} with {pretrained} does not load in open_clip"
    with loading(what):
        loaded = open_clip.create_model_from_pretrained(
            model,
            pretrained=pretrained,
            device=device,
            return_transform=False,
            weights_only=True,
            # Weights remember no activation: open_clip would only warn and compute another one.
            force_quick_gelu=_wants_quick_gelu(model, pretrained),
        )
        refuse_not_finite(loaded, f"{what}: it")
        return as_loaded(loaded, open_clip.get_tokenizer(model))


def as_loaded(
    model: Any, tokenizer: Any, preprocessing: Mapping[str, Any] | None = None
) -> LoadedModel:
    """Return a model of open_clip's, whose weights may be random, ready to score.

    Args:
        model: on its device.
        tokenizer: the model's.
        preprocessing: what is known better than open_clip does: mean, std, interpolation and
            resize mode.

    Raises:
        ValueError: the model looks at images that are not square.
    """
    preprocess = open_clip.get_model_preprocess_cfg(model) | (preprocessing or {})
    return LoadedModel(
        model=model.eval(),
        tokenizer=tokenizer,
        geometry=geometry_of(preprocess),
        mean=tuple(preprocess["mean"]),
        std=tuple(preprocess["std"]),
    )


def _from_folder(
    model: str, folder: Path, pretrained: str, trained_as: str, device: torch.device
) -> LoadedModel:
    for key, value in (("pretrained", pretrained), ("trained_as", trained_as)):
        if value:
            raise UserError(
                f"scores.{key}: {value!r}, but the folder {folder} brings weights of its own, and "
                "says what they want; leave it empty, or name a model of open_clip"
            )
    configs = [name for name in (OPEN_CLIP_CONFIG, TRANSFORMERS_CONFIG) if (folder / name).exists()]
    if not configs:
        raise UserError(
            f"scores.model: {model} does not load in open_clip: the folder has no "
            f"{OPEN_CLIP_CONFIG}, nor a {TRANSFORMERS_CONFIG} of transformers; give the folder "
            "that a model was saved to"
        )
    check_model_folder(folder, "scores.model")
    if configs[0] == TRANSFORMERS_CONFIG:
        from sau.pipeline.scores.transformers_clip import load_transformers

        return load_transformers(folder, device)
    what, name = f"scores.model: {model} does not load in open_clip", f"local-dir:{folder}"
    config = read_json(folder / OPEN_CLIP_CONFIG, f"{what}: {OPEN_CLIP_CONFIG}")
    with loading(what):
        built, tokenizer = _without_weights(name), open_clip.get_tokenizer(name)
        weights = _find_checkpoint_in_dir(folder)
        if weights is None:
            raise FileNotFoundError("the folder has no weights (open_clip_model.safetensors)")
        loaded = as_loaded(built, tokenizer, of_folder(config))
        words = getattr(tokenizer, "tokenizer", None)  # of transformers; else open_clip's own
        if words is not None:
            check_vocabulary({"tokenizer": words}, f"scores.model: {model}")
            check_tokens(words, built.vocab_size, f"scores.model: {model}")
    load_weights(built, Path(weights), what)
    built.to(device)
    return loaded


def _from_file(model: str, path: Path, trained_as: str, device: torch.device) -> LoadedModel:
    what = f"scores.model: {model} with {path} does not load in open_clip"
    try:
        preprocessing = of_tag(model, trained_as) if trained_as else of_architecture(model)
    except ValueError as error:
        raise UserError(
            f"scores.trained_as: empty, but {path} does not say how its weights want their images "
            f"and those published for {model} differ ({error}); name the tag whose they have: "
            f"{', '.join(open_clip.list_pretrained_tags_by_model(model))}"
        ) from error
    with loading(what):
        quick = bool(trained_as) and _wants_quick_gelu(model, trained_as)
        built = _without_weights(model, force_quick_gelu=quick)
        loaded = as_loaded(built, open_clip.get_tokenizer(model), preprocessing)
    load_weights(built, path, what)
    built.to(device)
    return loaded


def _without_weights(name: str, **options: Any) -> Any:
    """Return a model of open_clip's on the CPU that is yet to get its weights."""
    with _unwarned():
        return open_clip.create_model(name, load_weights=False, pretrained_text=False, **options)


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep open_clip from warning that it has loaded no weights."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _check_names(model: str, pretrained: str, trained_as: str) -> None:
    known = open_clip.list_models()
    if model not in known:
        lower = {name.lower(): name for name in known}
        near = lower.get(model.replace("/", "-").lower(), model.replace("/", "-"))
        hint = did_you_mean(near, known) or (
            f"such as {', '.join(known[:3])}; `open_clip.list_models()` names all"
        )
        raise UserError(
            f"scores.model: {model!r} is neither a folder nor a model of open_clip ({hint})"
        )
    if not pretrained:
        raise UserError(
            f"scores.pretrained: empty, but {model} has no meaning without weights; give "
            "open_clip's tag, such as openai, or the path of a checkpoint"
        )
    tags = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "it has none"
    is_tag = open_clip.is_pretrained_cfg(model, pretrained)
    if not is_tag and not Path(pretrained).is_file():
        raise UserError(
            f"scores.pretrained: {pretrained!r} is neither a file nor a tag of {model} ({tags})"
        )
    if trained_as and (is_tag or not open_clip.is_pretrained_cfg(model, trained_as)):
        expected = (
            "leave it empty beside a tag" if is_tag else f"expected a tag of {model} ({tags})"
        )
        raise UserError(f"scores.trained_as: {trained_as!r}; {expected}")


def _wants_quick_gelu(model: str, pretrained: str) -> bool:
    """Return whether the weights of a tag were trained with OpenAI's faster form of GELU."""
    return bool(open_clip.get_pretrained_cfg(model, pretrained).get("quick_gelu", False))
