"""A model's configuration beside its weights."""

import json
from pathlib import Path
from typing import Any

from sau.core.errors import ArgumentError

LONGEST = 16 * 2**20
"""Bytes; the largest published ones have about 1 MB."""


def read_config(path: Path, what: str) -> dict[str, Any]:
    """Return what a configuration in JSON says.

    Args:
        path: of the file.
        what: setting and file, for the message.

    Raises:
        ArgumentError: it is not there, far too large, or no object of JSON.
    """
    try:
        if path.stat().st_size > LONGEST:
            raise ArgumentError(f"{what} has more than {LONGEST >> 20} MiB; copy the model again")
        config = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ArgumentError(
            f"{what} is not there; give the folder that a model was saved to, or its weights"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ArgumentError(f"{what} cannot be read ({error}); copy the model again") from error
    if not isinstance(config, dict):
        raise ArgumentError(f"{what} is no object of JSON; copy the model again")
    return config
