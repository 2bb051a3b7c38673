"""How a model of open_clip's wants its pixels, where its weights do not say."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import open_clip
from open_clip.transform import PreprocessCfg

KEYS = ("mean", "std", "interpolation", "resize_mode")
"""What is to be known besides the size of the images, which the model has."""

_INTERPOLATIONS = ("bicubic", "bilinear", "random")
"""Those of open_clip; random is for training, and bicubic here, as there."""
_RESIZE_MODES = ("shortest", "longest", "squash")


def of_tag(model: str, tag: str) -> dict[str, Any]:
    """Return what open_clip says of the weights that it publishes under a tag."""
    return _known(open_clip.get_pretrained_cfg(model, tag))


def of_architecture(model: str) -> dict[str, Any]:
    """Return what all weights that open_clip publishes for a named model agree on.

    For a model without any, these are the values that open_clip trains with.

    Raises:
        ValueError: they differ; the message says in what.
    """
    tags = open_clip.list_pretrained_tags_by_model(model)
    return _completed({}, [of_tag(model, tag) for tag in tags])


def of_folder(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a folder's `open_clip_config.json` says, completed.

    What it leaves out is what weights agree on that open_clip publishes for models with the very
    same image tower; else what was meant when it could not be said, open_clip's defaults.

    Raises:
        ValueError: values that open_clip does not have, or that are left out and not clear.
    """
    stated = config.get("preprocess_cfg") or {}
    if not isinstance(stated, Mapping):
        raise ValueError(f"preprocess_cfg is {stated!r}, expected a mapping")
    tower = config.get("model_cfg", config).get("vision_cfg")
    published = [
        of_tag(model, tag)
        for model in open_clip.list_models()
        if open_clip.get_model_config(model)["vision_cfg"] == tower
        for tag in open_clip.list_pretrained_tags_by_model(model)
    ]
    return _checked(_completed(_known(stated), published))


def _known(stated: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(stated[key]) if isinstance(stated[key], list | tuple) else stated[key]
        for key in KEYS
        if stated.get(key) is not None
    }


def _completed(stated: Mapping[str, Any], published: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is stated, and for the rest what those published say that fit to it."""
    fitting = [one for one in published if stated.items() <= one.items()]
    default = _known(dataclasses.asdict(PreprocessCfg()))
    found = dict(stated)
    for key in KEYS:
        if key not in stated:
            values = list(dict.fromkeys(one[key] for one in fitting)) or [default[key]]
            if len(values) > 1:
                raise ValueError(f"{key} may be {' or '.join(map(str, values))}")
            found[key] = values[0]
    return found


def _checked(found: dict[str, Any]) -> dict[str, Any]:
    for key, known in (("interpolation", _INTERPOLATIONS), ("resize_mode", _RESIZE_MODES)):
        if found[key] not in known:
            raise ValueError(f"{key} is {found[key]!r}, expected one of {', '.join(known)}")
    for key in ("mean", "std"):
        numbers = found[key] if isinstance(found[key], tuple) else ()
        good = [
            isinstance(one, int | float) and math.isfinite(one) and (key == "mean" or one > 0)
            for one in numbers
        ]
        if len(good) != 3 or not all(good):
            raise ValueError(f"{key} is {found[key]!r}, expected three numbers, one a channel")
    return found
