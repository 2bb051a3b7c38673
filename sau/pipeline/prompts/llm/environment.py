"""What the environment says of the way to a server: proxies, certificates, further headers."""

import dataclasses
import importlib.util
import ipaddress
import os
import re
import ssl
from collections.abc import Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx2

from sau.core.errors import UserError
from sau.core.printable import one_line

_SOCKS = ("socks5", "socks5h")
_PROXIES = ("http", "https", *_SOCKS)
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_HEADERS = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
"""Environment variables that the openai package makes a header of, each."""
_MORE_HEADERS = "OPENAI_CUSTOM_HEADERS"
"""The one of which it makes many: a line for each, NAME: VALUE."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclasses.dataclass(frozen=True)
class Proxy:
    """A proxy that stands between this machine and a server.

    Attributes:
        variable: the environment variable that names it.
        url: its address, which may hold a password.
    """

    variable: str
    url: str


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy of an address, by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

    Raises:
        UserError: a proxy that cannot be used, with its variable and without its address, which may
            hold a password.
    """
    known = getproxies()
    parts = urlsplit(url)
    kind = next((kind for kind in (parts.scheme, "all") if known.get(kind)), None)
    if kind is None or is_bypassed(parts.hostname or "", known.get("no", "").split(",")):
        return None
    variable = _spelled(f"{kind}_proxy")
    address = known[kind] if "://" in known[kind] else f"http://{known[kind]}"
    _check_proxy(variable, address)
    return Proxy(variable, address)


def is_bypassed(host: str, entries: Iterable[str]) -> bool:
    """Return whether one of NO_PROXY's entries names a host.

    An entry is `*`, an address, a network such as `10.0.0.0/8`, or a name, which stands for all
    names that end in it too.
    """
    host = host.lower().rstrip(".")
    for entry in map(str.strip, entries):
        name = re.sub(r":\d+$", "", entry) if entry.count(":") == 1 else entry
        name = name.lower().strip("[]").removeprefix("*").removeprefix(".")
        if entry == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return True
        if name and _in_network(host, name.replace("]", "")):
            return True
    return False


def certificates(url: str, proxy: Proxy | None) -> ssl.SSLContext:
    """Return the certificates that a server's own is checked against.

    They are not read where nothing is encrypted.

    Raises:
        UserError: SSL_CERT_FILE or SSL_CERT_DIR names what is not there, or holds none.
    """
    if not url.startswith("https:") and (proxy is None or not proxy.url.startswith("https:")):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    variable = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    try:
        if variable == "SSL_CERT_DIR":
            os.listdir(os.environ[variable])  # noqa: PTH208 - OpenSSL says nothing of a missing one
        return httpx2.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        where = f"{variable}: {os.environ[variable]}" if variable else "the system's certificates"
        raise UserError(
            f"{one_line(where)}: no certificates can be read there "
            f"({one_line(error.strerror or str(error))}); "
            "name a PEM file in SSL_CERT_FILE, or unset it for the system's"
        ) from error


def check_headers() -> None:
    """Check what becomes headers of a request.

    Raises:
        UserError: an environment variable whose value no header can hold; it is not repeated.
    """
    for variable in (*_HEADERS, _MORE_HEADERS):
        value = os.environ.get(variable, "")
        pairs = _pairs(value) if variable == _MORE_HEADERS else [("X", value)]
        if not all(_NAME.fullmatch(name) and _is_value(value) for name, value in pairs):
            raise UserError(
                f"{variable}: the environment variable holds what no header of a request can: "
                "letters beyond ASCII, or a line break; correct or unset it"
            )


def _check_proxy(variable: str, address: str) -> None:
    try:
        url = httpx2.Proxy(address).url
        _ = urlsplit(address).port  # raises ValueError
        if not url.host:
            raise ValueError("no host")
    except (ValueError, httpx2.InvalidURL) as error:
        raise UserError(
            f"{variable}: the environment variable names no proxy that can be used; give an "
            f"address that begins with {', '.join(f'{scheme}://' for scheme in _PROXIES)}, "
            "or name the server in NO_PROXY"
        ) from error
    if url.scheme in _SOCKS and importlib.util.find_spec("socksio") is None:
        raise UserError(
            f"{variable}: the environment variable names a SOCKS proxy, for which a package is "
            "missing: pip install socksio, or name the server in NO_PROXY"
        )


def _spelled(variable: str) -> str:
    """Return a variable's name as it is set, small letters first, as everyone reads them."""
    upper = variable.upper()
    return variable if os.environ.get(variable) or not os.environ.get(upper) else upper


def _in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _pairs(lines: str) -> list[tuple[str, str]]:
    """Return the headers that the openai package reads; it passes over other lines."""
    found = (line.partition(":") for line in lines.split("\n"))
    return [(name.strip(), value.strip()) for name, colon, value in found if colon]


def _is_value(value: str) -> bool:
    return value.isascii() and value.isprintable()
