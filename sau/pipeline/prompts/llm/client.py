"""The openai package's client."""

import httpx2
import openai

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.pipeline.prompts.llm.environment import certificates, check_headers, proxy_for
from sau.pipeline.prompts.llm.key import NO_KEY
from sau.pipeline.prompts.llm.redaction import Redactor
from sau.pipeline.prompts.llm.transport import BoundedTransport
from sau.pipeline.prompts.settings import PromptsSettings

_WRONG = (httpx2.InvalidURL, openai.OpenAIError, ValueError, TypeError)
"""What the packages raise where an address is none, or settings do not go together."""


def open_client(settings: PromptsSettings, key: str) -> openai.AsyncOpenAI:
    """Return a client that never tries again by itself: `Courier` does, and says so in the log.

    It follows no redirect, as that would make another request of each, and goes through the proxy
    that the environment names.

    Raises:
        UserError: an address, a proxy, certificates or headers with which no request can be made.
    """
    check_headers()
    try:
        httpx2.URL(settings.base_url)
        http = _http_client(settings, key)
        if settings.api == "azure":
            return openai.AsyncAzureOpenAI(
                azure_endpoint=settings.base_url,
                api_version=settings.api_version,
                api_key=key,
                timeout=settings.timeout,
                max_retries=0,
                http_client=http,
            )
        return openai.AsyncOpenAI(
            base_url=settings.base_url,
            api_key=key,
            timeout=settings.timeout,
            max_retries=0,
            http_client=http,
        )
    except _WRONG as error:
        raise UserError(
            f"prompts.base_url: no request to {settings.base_url} can be made: "
            f"{one_line(str(error))}; correct the address, or the environment variables that begin "
            "with OPENAI_"
        ) from error


def _http_client(settings: PromptsSettings, key: str) -> httpx2.AsyncClient:
    proxy = proxy_for(settings.base_url)
    wire = httpx2.AsyncHTTPTransport(
        verify=certificates(settings.base_url, proxy),
        proxy=None if proxy is None else proxy.url,
        limits=httpx2.Limits(max_connections=settings.concurrency),
    )
    bounded = BoundedTransport(wire, settings.timeout, Redactor("" if key == NO_KEY else key))
    # Nothing that nobody bounds: an answer of 1 KB may stand for 1 GB.
    headers = {"Accept-Encoding": "identity"}
    return httpx2.AsyncClient(
        transport=bounded, headers=headers, timeout=settings.timeout, trust_env=False
    )
