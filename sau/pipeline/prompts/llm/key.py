"""The key, from the environment and from nowhere else."""

import os

from sau.core.errors import UserError
from sau.pipeline.prompts.settings import KNOWN_VARIABLES, PromptsSettings

NO_KEY = "none"
"""Sent where a server wants no key: the package sends one in any case."""

_SECRET = 8
"""Characters of a key that must stand in no setting; shorter ones, and words, are no secret."""


def read_key(settings: PromptsSettings) -> str:
    """Return the key from the environment.

    Raises:
        UserError: the variable is not set, or holds no key, or a setting repeats the key. The
            message has no name of a variable that is not set, as this may be the key itself.
    """
    name = settings.api_key_variable
    if not name:
        return NO_KEY
    key = os.environ.get(name, "").strip()
    if not key:
        which = (
            name
            if name in KNOWN_VARIABLES
            else "that it names (not repeated: it may be the key itself)"
        )
        raise UserError(
            f"prompts.api_key_variable: the environment variable {which} is not set; export it "
            'with the key, or set api_key_variable to "" for a server that wants none'
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UserError(
            f"prompts.api_key_variable: what the environment variable {name} holds is no key: it "
            "has spaces or letters beyond ASCII"
        )
    _refuse_key_in_settings(settings, key)
    return key


def _refuse_key_in_settings(settings: PromptsSettings, key: str) -> None:
    if len(key) < _SECRET or key.isalpha():
        return
    for name, value in settings.model_dump().items():
        if key in str(value):
            raise UserError(
                f"prompts.{name}: holds the key, and goes into logs and results; take it out, the "
                "key is read from the environment alone"
            )
