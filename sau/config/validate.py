"""From the mapping that a config file holds to typed sections."""

from collections.abc import Mapping
from typing import Any, cast

import jsonschema

from sau.config.config import SECTIONS, Config, TrainingGrid
from sau.config.schema import json_schema
from sau.errors import UserError
from sau.settings import unknown_key


def load(values: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> Config:
    """Check a configuration and return its typed sections.

    Args:
        values: what the config file holds, merged with `--config`.
        schema: the schema to check against; the one made from the sections if None.

    Raises:
        UserError: the first problem, in one line: key, value and what was expected.
    """
    validator = jsonschema.Draft202012Validator(schema or json_schema())
    problems = sorted(
        validator.iter_errors(dict(values)),
        key=lambda e: (e.validator != "additionalProperties", [str(part) for part in e.path]),
    )
    if problems:
        raise UserError(_explain(problems[0]))
    sections: dict[str, Any] = {
        name: section.from_mapping(values.get(name) or {})
        for name, section in SECTIONS.items()
        if name != "training"
    }
    config = Config(training=TrainingGrid.from_mapping(dict(values["training"])), **sections)
    _check_together(config)
    return config


def _explain(error: jsonschema.ValidationError) -> str:
    path = ".".join(str(part) for part in error.absolute_path)
    schema = cast("Mapping[str, Any]", error.schema)
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        key = next(key for key in cast("Mapping[str, Any]", error.instance) if key not in known)
        return f"config: {unknown_key(f'{path}.{key}'.lstrip('.'), key, known)}"
    if error.validator == "required":
        return f"config: {path or 'top level'}: {error.message}"
    wanted = schema.get("description")
    leaf = jsonschema.exceptions.best_match([error]) or error
    return f"config: {path}: {leaf.message}" + (f" ({wanted})" if wanted else "")


def _check_together(config: Config) -> None:
    """Check what concerns several sections."""
    if config.scores.scorer == "none" and config.filter.keep_fraction < 1:
        raise UserError(
            f"config: filter.keep_fraction: {config.filter.keep_fraction:g}, but scores.scorer is "
            "none, so nothing can be ranked; set it to 1 or choose a scorer"
        )
    names = config.experiment.factor_names()
    if config.subset.protocol == "cao" and names == ["as-is"]:
        raise UserError("config: subset.protocol: cao cuts a tail, but the only factor is as-is")
