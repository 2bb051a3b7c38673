"""A real HTTP server on loopback, which does what a test tells it to."""

import dataclasses
import http.server
import json
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

HANG_AT_MOST = 60.0
"""Seconds after which a hanging answer ends even if its test did not stop the server."""
DRIP_EVERY = 0.05
"""Seconds between two bytes of an answer that drips."""
ENDLESS = 2**40
"""Bytes that an endless answer promises."""


@dataclasses.dataclass(frozen=True)
class Call:
    """A request as it arrived: which of all, which with this body, and what it holds."""

    number: int
    repeat: int
    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    def json(self) -> Any:
        return json.loads(self.raw)

    def class_name(self) -> str:
        """Return the class that the paper's query asks about."""
        return re.fullmatch(
            r"What the (.*) looks like\?", self.json()["messages"][-1]["content"]
        ).group(1)


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer, and what becomes of it: whole, half, drip, drip_head, endless, reset or hang."""

    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    fate: str = "whole"


def completion(text, *, tokens=(60, 30), finish="stop", refusal=None, model="gpt-4", **others):
    """Return the body of a chat completion."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {
                "prompt_tokens": tokens[0],
                "completion_tokens": tokens[1],
                "total_tokens": sum(tokens),
            },
            **others,
        }
    )


def error(message, code=None):
    """Return the body of an error."""
    return json.dumps({"error": {"message": message, "type": "error", "param": None, "code": code}})


_LOOKS = ["striped", "spotted", "dusty", "shiny", "tiny", "huge", "bright", "dark", "wet", "furry"]
_PARTS = [
    "wings",
    "legs",
    "eyes",
    "edges",
    "handles",
    "leaves",
    "curves",
    "corners",
    "scales",
    "stripes",
]
_SIGHTS = [
    "misty",
    "sunny",
    "snowy",
    "crowded",
    "empty",
    "green",
    "rocky",
    "sandy",
    "neon",
    "wooden",
]
_PLACES = [
    "garden",
    "street",
    "desert",
    "kitchen",
    "forest",
    "harbour",
    "stage",
    "field",
    "beach",
    "attic",
]


def good_text(name: str, number: int) -> str:
    """Return a prompt that will do; those of two numbers below 10,000 differ in most words."""
    a, b, c, d = (number // 10**i + number * 3**i for i in range(4))
    look, part = _LOOKS[a % 10], _PARTS[(a + b) % 10]
    sight, place = _SIGHTS[(b + c) % 10], _PLACES[(c + d) % 10]
    return f"A {look} {name} with {part} number {number}, seen against a {sight} {place} {number}."


def good(call: Call) -> Reply:
    """Answer well, each time with another prompt."""
    return Reply(completion(good_text(call.class_name(), call.number)))


class Loopback:
    """The server: `reply` says what to answer to each call; all calls are kept."""

    def __init__(self, reply: Callable[[Call], Reply]) -> None:
        self.calls: list[Call] = []
        self.sent = 0
        self._bodies: Counter[bytes] = Counter()
        self._reply = reply
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.handle_error = lambda *_: None  # a client that went away is no error here
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _register(self, method, path, headers, raw) -> Call:
        with self._lock:
            call = Call(len(self.calls), self._bodies[raw], method, path, headers, raw)
            self._bodies[raw] += 1
            self.calls.append(call)
        return call

    def _handler(self):
        loopback = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = loopback._reply(loopback._register(self.command, self.path, headers, raw))
                body = reply.body
                data = body if isinstance(body, bytes) else body.encode()
                getattr(self, reply.fate)(reply, data)

            def do_GET(self):
                self.do_POST()

            def head(self, reply, length):
                self.send_response(reply.status)
                named = {"Content-Type": "application/json", "Content-Length": str(length)}
                for name, value in {**named, **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def whole(self, reply, data):
                self.head(reply, len(data))
                self.wfile.write(data)

            def half(self, reply, data):
                self.head(reply, len(data))
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True

            def drip(self, reply, data):
                """Send a byte now and then, faster than any time-out between two of them."""
                self.head(reply, len(data))
                self.slowly(data)

            def drip_head(self, reply, data):
                self.slowly(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 999)

            def slowly(self, data):
                for byte in data:
                    if loopback._closing.wait(DRIP_EVERY):
                        break
                    self.wfile.write(bytes([byte]))
                    loopback.sent += 1
                self.close_connection = True

            def endless(self, reply, data):
                """Send the body again and again, until nobody reads it any more."""
                self.head(reply, ENDLESS)
                while not loopback._closing.is_set():
                    self.wfile.write(data)
                    loopback.sent += len(data)

            def reset(self, reply, data):
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True

            def hang(self, reply, data):
                loopback._closing.wait(HANG_AT_MOST)
                self.close_connection = True

        return Handler
