"""JSON that carries a hash of what it says."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SEAL = "seal"
"""The key of the hash over all other entries."""


class BrokenSealError(ValueError):
    """A text that is not as `sealed_text` wrote it; the message says how."""


def sealed_text(values: Mapping[str, Any], indent: int | None = None) -> str:
    """Return an object as JSON, its keys sorted, with a hash of all that it says."""
    return json.dumps(sealed(values), sort_keys=True, indent=indent) + "\n"


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return JSON values with a hash of all that they say."""
    return {**values, SEAL: hash_of_json(values)}


def unsealed(text: str) -> dict[str, Any]:
    """Return what `sealed_text` made a text of.

    Raises:
        BrokenSealError: it says something else now.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenSealError(f"no JSON: {error}") from error
    if not isinstance(values, dict) or SEAL not in values:
        raise BrokenSealError("no hash of what it says")
    return without_seal(values)


def without_seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `sealed` was given; values without a seal as they are.

    Raises:
        BrokenSealError: they say something else now.
    """
    found = {key: value for key, value in values.items() if key != SEAL}
    if SEAL in values and values[SEAL] != hash_of_json(found):
        raise BrokenSealError("its hash is not that of what it says")
    return found


def hash_of_json(values: Any) -> str:
    """Return the SHA-256, in hex, of JSON values; the order of keys does not count."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
