"""The openai package's client, and the key."""

import os

import openai

from sau.core.errors import UserError
from sau.pipeline.prompts.settings import PromptsSettings

NO_KEY = "none"
"""Sent where a server wants no key: the package sends one in any case."""


def read_key(settings: PromptsSettings) -> str:
    """Return the key from the environment.

    Raises:
        UserError: the variable is not set, with its name.
    """
    name = settings.api_key_variable
    if not name:
        return NO_KEY
    key = os.environ.get(name, "").strip()
    if not key:
        raise UserError(
            f"prompts.api_key_variable: the environment variable {name} is not set; export it with "
            'the key, or set api_key_variable to "" for a server that wants none'
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UserError(
            f"prompts.api_key_variable: what the environment variable {name} holds is no key: it "
            "has spaces or letters beyond ASCII"
        )
    return key


def redact(text: str, key: str) -> str:
    """Return a text with the key blotted out, should a server have repeated it."""
    return text if key == NO_KEY else text.replace(key, "[key]")


def open_client(settings: PromptsSettings, key: str) -> openai.AsyncOpenAI:
    """Return a client that never tries again by itself: `Sender` does, and says so in the log."""
    if settings.api == "azure":
        return openai.AsyncAzureOpenAI(
            azure_endpoint=settings.base_url,
            api_version=settings.api_version,
            api_key=key,
            timeout=settings.timeout,
            max_retries=0,
        )
    return openai.AsyncOpenAI(
        base_url=settings.base_url, api_key=key, timeout=settings.timeout, max_retries=0
    )
