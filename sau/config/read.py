"""A config file, read without Snakemake."""

from pathlib import Path
from typing import Any

import yaml

from sau.config.repeated import refuse_repeated_keys
from sau.core.errors import UserError

_NO_YAML = (yaml.YAMLError, ValueError, AttributeError, RecursionError)
"""What PyYAML raises, also of a date that is none, a broken tag, or a list within itself."""


def read_config_file(path: Path) -> dict[str, Any]:
    """Return what a config file says, not yet checked against the schema.

    Args:
        path: YAML in UTF-8, a mapping of sections.

    Raises:
        UserError: no such file, something else than that, or a key that stands twice.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        refuse_repeated_keys(path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}; name a config file") from error
    except _NO_YAML as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: not a config file in YAML ({reason})") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected sections with keys, as config.yaml has them")
    return values
