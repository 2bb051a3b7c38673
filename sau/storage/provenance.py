"""What a result records of its making: settings, code, seeds, library versions, inputs."""

import functools
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sau
from sau.settings.section import Section
from sau.storage.belonging import earlier_inputs, few, paths_of
from sau.storage.code_digest import code_digest
from sau.storage.manifest.reading import read_record
from sau.storage.sealed import hash_of_json


def provenance(
    stage: str,
    settings: Section,
    inputs: Mapping[str, Path | Sequence[Path]],
    libraries: Sequence[str] = (),
    *,
    asks_networks: bool = False,
    **facts: Any,
) -> dict[str, Any]:
    """Return the record that goes into a result's metadata. No time and no host: bytes repeat.

    Args:
        stage: the stage's name.
        settings: its resolved settings, of which those are recorded that affect the result.
        inputs: manifests it read, by name; their content hashes are recorded, and those that they
            record of their own inputs, as far as a rule may ask for them (`few`).
        libraries: distributions whose version can change the result, besides pyarrow and numpy.
        asks_networks: whether it depends on what trained networks say, and so on their code.
        facts: what else to record (counts, seeds), as JSON values.
    """
    records = {
        name: [read_record(path) for path in paths_of(paths)] for name, paths in inputs.items()
    }
    hashes = {name: [record.content_sha256 for record in found] for name, found in records.items()}
    return {
        "stage": stage,
        "settings": settings.with_effect(),
        "code": {
            "sau": sau.__version__,
            "stage_digest": _digest_in_use(stage, networks=asks_networks),
        },
        "versions": versions(["numpy", "pyarrow", *libraries]),
        "inputs": few(hashes),
        "earlier_inputs": earlier_inputs(records),
        **facts,
    }


def identity_of(record: Mapping[str, Any]) -> str:
    """Return a hash of all that a result depends on, by the record of its making.

    What its inputs were made from does not count: the same rows may have come about in two ways.
    """
    counted = {name: value for name, value in record.items() if name != "earlier_inputs"}
    return hash_of_json(counted)


def versions(distributions: Sequence[str]) -> dict[str, str]:
    """Return the versions of Python and of the named distributions."""
    found = {name: _version(name) for name in sorted(set(distributions))}
    return {"python": platform.python_version(), **found}


# A process goes on with what it has loaded, whatever happens to the files while it runs.
_digest_in_use = functools.cache(code_digest)
_version = functools.cache(importlib.metadata.version)
