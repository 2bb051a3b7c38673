"""Checks of the settings that only the language model needs."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sau.core.errors import UserError
from sau.core.printable import one_line

_OURS = ("model", "messages", "stream", "n")
_PRICE_KEYS = {"input", "output"}


def check_address(url: str) -> None:
    """Check that the server's address is one, and holds no password or key.

    Raises:
        UserError: another scheme, no host, a user, or a query. The message does not repeat it.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError
    except ValueError as error:
        raise UserError(
            "prompts.base_url: its host or port cannot be read; give an address such as "
            "http://localhost:11434/v1"
        ) from error
    if parts.username or parts.password or parts.query:
        raise UserError(
            "prompts.base_url: a password, key or query in the address, which goes into logs and "
            "results; leave it out and put the key into the variable of prompts.api_key_variable"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(
            f"prompts.base_url: {url!r} must be an address, such as http://localhost:11434/v1"
        )


def check_key_variable(name: str) -> None:
    """Check that this names a variable and is not a key; the message does not repeat it.

    Raises:
        UserError: it cannot be the name of an environment variable.
    """
    if name and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise UserError(
            "prompts.api_key_variable: not the name of an environment variable; set that variable "
            "to the key, and this to its name, such as OPENAI_API_KEY"
        )


def check_api(api: str, api_version: str, key_variable: str, batch: bool) -> None:
    """Check what the kind of server needs.

    Raises:
        UserError: Azure without a version or a key, with the Batch API, or a version without Azure.
    """
    if api == "azure" and not (api_version and key_variable):
        raise UserError(
            "prompts.api: azure needs prompts.api_version, such as 2024-10-21, "
            "and prompts.api_key_variable"
        )
    if api == "azure" and batch:
        raise UserError("prompts.batch: only with prompts.api openai; set it to false")
    if api != "azure" and api_version:
        raise UserError("prompts.api_version: only azure has one; leave it out, or set prompts.api")


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Check that a request can hold these, and that its own parts are not overwritten.

    Raises:
        UserError: one of them is, or a value that JSON does not have, such as NaN or a date.
    """
    for name in _OURS:
        if name in parameters:
            raise UserError(
                f"prompts.parameters.{name}: set by the stage itself; leave it out "
                "(prompts.model, prompts.query and prompts.prompts_per_request are there for it)"
            )
    try:
        json.dumps(parameters, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(
            f"prompts.parameters: no JSON, which a request is made of: {one_line(str(error))}; "
            "give texts, numbers, switches, lists and mappings"
        ) from error


def check_prices(prices: Mapping[str, Any]) -> None:
    """Check the price table.

    Raises:
        UserError: a model without two prices that are numbers of at least 0.
    """
    for model, price in prices.items():
        numbers = isinstance(price, Mapping) and set(price) == _PRICE_KEYS
        if not numbers or not all(_is_price(value) for value in price.values()):
            raise UserError(
                f"prompts.prices.{model}: {price!r} must be {{input: NUMBER, output: NUMBER}}, "
                "the prices of a million tokens"
            )


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
