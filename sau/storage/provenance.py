"""What a result records of its making: settings, code, seeds, library versions, inputs."""

import functools
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sau
from sau.settings.section import Section
from sau.storage.code_digest import code_digest
from sau.storage.manifest import read_metadata


def provenance(
    stage: str,
    settings: Section,
    inputs: Mapping[str, Path | Sequence[Path]],
    libraries: Sequence[str] = (),
    **facts: Any,
) -> dict[str, Any]:
    """Return the record that goes into a result's metadata. No time and no host: bytes repeat.

    Args:
        stage: the stage's name.
        settings: its resolved settings, of which those are recorded that affect the result.
        inputs: manifests it read, by name; their content hashes are recorded.
        libraries: distributions whose version can change the result, besides pyarrow and numpy.
        facts: what else to record (counts, seeds), as JSON values.
    """
    hashes = {
        name: [read_metadata(path)["content_sha256"] for path in _as_list(paths)]
        for name, paths in inputs.items()
    }
    return {
        "stage": stage,
        "settings": settings.with_effect(),
        "code": {"sau": sau.__version__, "stage_digest": _digest_in_use(stage)},
        "versions": versions(["numpy", "pyarrow", *libraries]),
        "inputs": hashes,
        **facts,
    }


def versions(distributions: Sequence[str]) -> dict[str, str]:
    """Return the versions of Python and of the named distributions."""
    found = {name: _version(name) for name in sorted(set(distributions))}
    return {"python": platform.python_version(), **found}


def _as_list(paths: Path | Sequence[Path]) -> list[Path]:
    return [paths] if isinstance(paths, Path) else list(paths)


# A process goes on with what it has loaded, whatever happens to the files while it runs.
_digest_in_use = functools.cache(code_digest)
_version = functools.cache(importlib.metadata.version)
