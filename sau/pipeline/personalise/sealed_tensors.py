"""Safetensors files that carry a hash of what they hold."""

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save, save_file
from torch import Tensor

from sau.pipeline.personalised import HEADER_ENTRY
from sau.storage.files import atomic_path
from sau.storage.sealed import hash_of_json
from sau.storage.wrecks import put_aside

log = logging.getLogger(__name__)


def save_sealed(path: Path, tensors: Mapping[str, Tensor], **facts: Any) -> None:
    """Write tensors and facts with their hash, as a whole or not at all.

    Args:
        path: a safetensors file. Its bytes depend on tensors and facts alone: the header has one
            entry, since the order of several would differ from file to file.
        tensors: on any device.
        facts: JSON values.
    """
    own = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    said = json.dumps({"facts": facts, "sha256": _digest(own, facts)}, sort_keys=True)
    with atomic_path(path) as temporary:
        save_file(own, temporary, metadata={HEADER_ENTRY: said})


def load_sealed(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return the tensors, on the CPU, and the facts of a file that `save_sealed` wrote.

    Returns: None if there is no such file, or one that is not as it was written. The latter is put
        aside, with a line.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            said = json.loads(file.metadata()[HEADER_ENTRY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if said["sha256"] != _digest(tensors, said["facts"]):
            raise ValueError("its hash is not that of what it holds")
    except Exception as error:  # whatever safetensors has against a damaged file
        aside = put_aside(path).name
        log.warning("%s: not as it was written (%s); put aside as %s", path, error, aside)
        return None
    return tensors, said["facts"]


def _digest(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(save(dict(tensors)) + hash_of_json(facts).encode()).hexdigest()
