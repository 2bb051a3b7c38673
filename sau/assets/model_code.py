"""Configurations of models that ask to run code, which is never done."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sau.core.errors import UserError

ASKING = ("auto_map", "trust_remote_code", "custom_pipeline", "custom_generate")
"""Keys by which libraries of Hugging Face are asked for code that comes with a model."""

FETCHING = ("attn_implementation", "_attn_implementation", "experts_implementation")
"""Keys by which they are asked for code from elsewhere, if the value names a place there."""

PIPELINE_INDEX = "model_index.json"
"""What diffusers writes into the folder of every pipeline."""

LONGEST_CONFIGURATION = 16 * 2**20
"""Bytes; the largest published ones, with thousands of added tokens, have about 1 MB."""


def refuse_code(path: Path, folder: Path, where: str) -> None:
    """Refuse a file of a model's folder if it is a configuration that asks to run code.

    Args:
        path: any file of the folder.
        folder: the model's.
        where: setting and folder, for the message.

    Raises:
        UserError: it asks for code, or is too large to be a configuration.
    """
    is_index = path.name == PIPELINE_INDEX
    if not is_index and not (path.suffix == ".json" and "config" in path.name):
        return
    what = f"{where}{path.relative_to(folder)}"
    content = read_json(path, what)
    for key, value in _entries(content):
        # Implementations of attention are words; with a slash, names on the Hugging Face Hub.
        if value and (key in ASKING or (key in FETCHING and "/" in str(value))):
            raise UserError(
                f"{what} asks to run code ({key}), which is never done; take that out, or choose "
                "another model"
            )
    if is_index and isinstance(content, dict):
        _refuse_own_classes(content, what)


def read_json(path: Path, what: str) -> Any:
    """Return what a configuration holds; None if it is no JSON, which its reader will say.

    Raises:
        UserError: it is too large, or nested too deeply.
    """
    if path.stat().st_size > LONGEST_CONFIGURATION:
        raise UserError(
            f"{what} has {path.stat().st_size / 2**20:,.0f} MiB, expected at most "
            f"{LONGEST_CONFIGURATION // 2**20}; fetch or copy the model again"
        )
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None
    except RecursionError as error:
        raise UserError(f"{what} is nested too deeply; fetch or copy the model again") from error


def _entries(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield keys and values of all mappings in what a file holds, at any depth."""
    waiting = [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one.items()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _refuse_own_classes(index: dict[str, Any], what: str) -> None:
    """Refuse an index of a pipeline whose parts are of other libraries than pipelines are made of.

    Diffusers imports whatever module is named.
    """
    if not isinstance(index.get("_class_name", ""), str):
        raise UserError(
            f"{what} names a pipeline of the folder's own ({index['_class_name']}), whose code is "
            "never run; choose a model that diffusers itself knows"
        )
    for name, value in index.items():
        if name.startswith("_") or not isinstance(value, list) or len(value) != 2:
            continue
        if isinstance(value[0], str) and not _is_known(value[0]):
            raise UserError(
                f"{what}: {name} is of {value[0]!r}, whose code is never run; expected a class of "
                "diffusers or transformers"
            )


def _is_known(library: str) -> bool:
    """Return whether a part's class is of a library, of a pipeline of diffusers, or of ours."""
    if library in ("diffusers", "transformers") or library.startswith("sau."):
        return True
    from diffusers import pipelines  # takes seconds, and few models need it

    return library.isidentifier() and hasattr(pipelines, library)
