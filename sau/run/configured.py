"""The checked config of a command line, as the workflow will have it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sau.config import Config, check_sources, load, read_config_file
from sau.core.errors import UserError
from sau.run.command import config_file
from sau.run.files import workflow_folder

_DEFAULT = "config.yaml"


def configured(named: Sequence[str]) -> Config:
    """Return the config that `sau run --config NAMED...` runs, checked.

    Args:
        named: config files, of the current folder or shipped, laid over each other, and changes
            such as `experiment={seeds: [0]}`; the default config if there is no file.

    Raises:
        UserError: what is wrong with it, in one line.
    """
    shipped = workflow_folder()
    names = [name for name in named if "=" not in name]
    files = [Path(config_file(name, shipped)) for name in names] or [shipped / _DEFAULT]
    values: dict[str, Any] = {}
    for file in files:
        values = _laid_over(values, read_config_file(file))
    config = load(_laid_over(values, _changes(named)))
    check_sources(config)
    return config


def with_changes(named: Sequence[str]) -> list[str]:
    """Return the same files and changes, those of one section joined into one word.

    Of two changes of a section Snakemake would take the last one alone.

    Raises:
        UserError: a change whose value does not parse.
    """
    files = [name for name in named if "=" not in name]
    return [
        *files,
        *(
            f"{key}={json.dumps(value, ensure_ascii=False)}"
            for key, value in _changes(named).items()
        ),
    ]


def config_words(named: Sequence[str]) -> list[str]:
    """Return the words of `sau run` for the same config."""
    return ["--config", *named] if named else []


def _changes(named: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for change in (name for name in named if "=" in name):
        key, _, text = change.partition("=")
        values = _laid_over(values, {key: _value(change, text)})
    return values


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two mappings as one, whose inner mappings are joined in the same way."""
    joined = dict(below)
    for key, value in above.items():
        inner = joined.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        joined[key] = _laid_over(inner, value) if both else value  # type: ignore[arg-type]
    return joined


def _value(change: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(
            f"--config {change}: not a value; expected KEY=VALUE as 'experiment={{seeds: [0]}}'"
        ) from error
