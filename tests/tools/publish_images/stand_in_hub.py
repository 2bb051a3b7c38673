"""What a client needs of the Hub's HTTP interface to write a data set, on the loopback interface.

Files come as the Hub wants them: tables by Xet, or by git LFS from a client without it, others
within the commit.
Source: https://huggingface.co/docs/hub/api, https://huggingface.co/docs/xet, and git-lfs's
docs/api/batch.md.
"""

import base64
import json
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from tests.loopback import LoopbackServer

TOKEN = "hf_secretOfTheTests"  # noqa: S105 - made up
XET_TOKEN = "of Xet alone"  # noqa: S105 - made up


class StandIn(LoopbackServer):
    """Holds one repository.

    Attributes:
        files: content by path, after the last commit.
        large: what came by LFS, by its SHA-256.
        pointers: SHA-256 of the large files of the last commit, by path.
        xorbs: bytes of each block that came by Xet; the client packs them.
        made: what repositories were asked for.
        refused: paths that are answered with 403, and with the request's own token in the text.
        requests: method and path of each request.
    """

    def __init__(self) -> None:
        super().__init__(Handler)
        self.files: dict[str, bytes] = {}
        self.large: dict[str, bytes] = {}
        self.pointers: dict[str, str] = {}
        self.xorbs: list[int] = []
        self.made: list[dict[str, Any]] = []
        self.refused = ""
        self.requests: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: StandIn
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self._begin()
        if path is None:
            return
        if path == "/api/whoami-v2":
            self._say({"name": "me", "type": "user", "auth": {"accessToken": {"role": "write"}}})
        elif path == "/api/datasets/me/set/tree/main":
            files = self.server.files.items()
            self._say(
                [{"type": "file", "path": p, "size": len(d), "oid": "0" * 40} for p, d in files]
            )
        elif path in ("/api/datasets/me/set", "/api/datasets/me/set/revision/main"):
            files = [{"rfilename": name} for name in self.server.files]
            self._say({"id": "me/set", "sha": "0" * 40, "siblings": files})
        elif path == "/api/datasets/me/set/xet-write-token/main":
            end = int(time.time()) + 3600
            self._say({"casUrl": self.server.address, "accessToken": XET_TOKEN, "exp": end})
        else:
            self._say({"error": f"no {path}"}, 404)

    def do_POST(self) -> None:
        path = self._begin()
        if path is None:
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if path == "/api/repos/create":
            self.server.made.append(json.loads(body))
            self._say({"url": f"{self.server.address}/datasets/me/set", "id": "me/set"})
        elif path == "/api/validate-yaml":
            self._say({"errors": [], "warnings": []})
        elif path == "/api/datasets/me/set/preupload/main":
            self._say({"files": [_mode(file) for file in json.loads(body)["files"]]})
        elif path == "/datasets/me/set.git/info/lfs/objects/batch":
            self._say({"transfer": "basic", "objects": list(map(self._upload, _objects(body)))})
        elif path == "/api/datasets/me/set/commit/main":
            self._commit(body)
        elif path.startswith("/v1/xorbs/"):
            self.server.xorbs.append(len(body))
            self._say({"was_inserted": True})
        elif path == "/v1/shards":
            self._say({"result": 1})
        else:
            self._say({"error": f"no {path}"}, 404)

    def do_PUT(self) -> None:
        self.server.requests.append(f"PUT {self.path}")
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.large[self.path.removeprefix("/lfs/")] = data
        self._say({})

    def _begin(self) -> str | None:
        """Note a request; answer it if it is to be refused."""
        path = urlsplit(self.path).path
        self.server.requests.append(f"{self.command} {path}")
        asked = self.headers.get("Authorization", "")
        expected = XET_TOKEN if path.startswith(("/v1/", "/v2/")) else TOKEN
        if asked != f"Bearer {expected}":
            self._drain()
            self._say({"error": "Invalid username or password."}, 401)
            return None
        if self.server.refused and re.search(self.server.refused, path):
            self._drain()
            self._say({"error": f"not with {asked}"}, 403)
            return None
        return path

    def _drain(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _upload(self, wanted: dict[str, Any]) -> dict[str, Any]:
        href = f"{self.server.address}/lfs/{wanted['oid']}"
        return wanted | {"actions": {"upload": {"href": href, "header": {}}}}

    def _commit(self, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "deletedFile":
                self.server.files.pop(value["path"])
            elif line["key"] == "file":
                assert value["encoding"] == "base64"
                self.server.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.server.pointers[value["path"]] = value["oid"]
                if value["oid"] in self.server.large:
                    self.server.files[value["path"]] = self.server.large[value["oid"]]
        url = f"{self.server.address}/datasets/me/set/commit/{'1' * 40}"
        self._say({"commitUrl": url, "commitOid": "1" * 40})

    def _say(self, answer: Any, code: int = 200) -> None:
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


def _mode(file: dict[str, Any]) -> dict[str, Any]:
    mode = "lfs" if file["path"].endswith(".parquet") else "regular"
    return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": None}


def _objects(body: bytes) -> list[dict[str, Any]]:
    return list(json.loads(body)["objects"])
