"""The networks of a pipeline of diffusers, each with all of its weights and no others."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.pipelines.pipeline_loading_utils import simple_get_class_obj

from sau.assets.model_code import PIPELINE_INDEX
from sau.core.unloadable import loading
from sau.storage.weights import refuse_report

NETWORKS = (diffusers.ModelMixin, transformers.PreTrainedModel)


def load_networks(folder: Path, dtype: torch.dtype, what: str) -> dict[str, Any]:
    """Load the networks of a pipeline from safetensors, to be given to its `from_pretrained`.

    Libraries leave a weight that is missing at random values, and only warn. Which may be missing,
    since they are tied or tables that a network makes itself, is left to the libraries' own rules.

    Args:
        folder: of the pipeline; it has been checked (see `check_model_folder`).
        dtype: of the weights.
        what: setting and folder, and that it does not load, for messages.

    Returns: networks in evaluation mode, on the CPU, by the names that the pipeline has for them;
        those that it goes without are left out.

    Raises:
        UserError: a network does not load, lacks weights, has some that it has no place for or that
            are of another shape, or one that is not finite.
    """
    found = {}
    with quiet():
        for name, kind in _kinds(folder, what):
            part = f"{what}: {name}"
            network, info = _load(kind, folder / name, dtype, part)
            refuse_report(info, network, part)
            found[name] = network
    return found


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep diffusers and transformers from warning of what is said in an error, or of nothing."""
    libraries = (diffusers.utils.logging, transformers.utils.logging)
    levels = [library.get_verbosity() for library in libraries]
    for library in libraries:
        library.set_verbosity_error()
    try:
        yield
    finally:
        for library, level in zip(libraries, levels, strict=True):
            library.set_verbosity(level)


def _kinds(folder: Path, what: str) -> Iterator[tuple[str, Any]]:
    """Yield name and class of each network that the pipeline has."""
    with loading(f"{what}: {PIPELINE_INDEX}"):
        index = json.loads((folder / PIPELINE_INDEX).read_text(encoding="utf-8"))
        for name, value in index.items():
            if isinstance(value, list) and len(value) == 2 and all(value):
                kind = simple_get_class_obj(*value)  # type: ignore[no-untyped-call]
                if issubclass(kind, NETWORKS):
                    yield name, kind


def _load(kind: Any, folder: Path, dtype: torch.dtype, what: str) -> tuple[Any, dict[str, Any]]:
    options = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
    if issubclass(kind, diffusers.ModelMixin):
        options["low_cpu_mem_usage"] = False
    with loading(what):
        network, info = kind.from_pretrained(folder, output_loading_info=True, **options)
    return network.eval(), info
