"""A real HTTP server on the loopback interface that misbehaves on request."""

import hashlib
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback import LoopbackServer


class Files(LoopbackServer):
    """Serves `files` by path, with ranges; what goes wrong is set by its attributes.

    Attributes:
        files: content by name.
        cut_after: bytes of a body after which the next connections are closed, one for each entry.
        failures: HTTP codes that the next requests are answered with.
        ranges: whether ranges are honoured.
        tags: whether files have an ETag.
        requests: what was asked for: name and the header `Range`.
    """

    def __init__(self) -> None:
        super().__init__(Handler)
        self.files: dict[str, bytes] = {}
        self.cut_after: list[int] = []
        self.failures: list[int] = []
        self.ranges = True
        self.tags = True
        self.requests: list[tuple[str, str | None]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a connection that is closed is what a test asks for."""


class Handler(BaseHTTPRequestHandler):
    server: Files

    def do_GET(self) -> None:
        name, asked = self.path.lstrip("/"), self.headers.get("Range")
        self.server.requests.append((name, asked))
        if self.server.failures:
            self.send_error(self.server.failures.pop(0))
            return
        if name not in self.server.files:
            self.send_error(404)
            return
        data = self.server.files[name]
        tag = f'"{hashlib.sha256(data).hexdigest()[:8]}"'
        same = self.headers.get("If-Range") in (None, tag)
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        if asked and self.server.ranges and same:
            if start >= len(data):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            start = 0
            self.send_response(200)
        if self.server.tags:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        stop = len(data)
        if self.server.cut_after:
            stop = min(stop, start + self.server.cut_after.pop(0))
        self.wfile.write(data[start:stop])

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""
