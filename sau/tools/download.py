"""Downloads that go on where they were cut, and are checked before they count."""

import logging
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path

import sau
from sau.core.errors import UserError
from sau.core.progress import progress
from sau.storage.files import file_sha256, write_text
from sau.storage.lock import locked

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""Tries in a row that bring nothing new, after which a download is given up."""

PAUSE = 2.0
"""Seconds before the second try."""

TIMEOUT = 60.0
"""Seconds without a byte, after which a connection counts as cut."""

CHUNK = 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_WORTH_ANOTHER_TRY = (408, 416, 429)

# What a connection that fails or is cut raises; a full disk raises another OSError.
CUT = (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError, ssl.SSLError)


def download(url: str, path: Path, expected: str = "", *, pause: float = PAUSE) -> str:
    """Download a file to `path`, or check the one that is there; return its SHA-256 in hex.

    What has come is kept beside it as `<name>.part`, and the next try or the next call asks for the
    rest (HTTP Range), if the server says that its file is still the same (If-Range). The file gets
    its name when it is whole and its checksum right. The checksum is written to `<name>.sha256`.

    Args:
        url: http or https.
        path: where the file goes; its folder is made.
        expected: the SHA-256 that it must have; empty takes any, or the one in `<name>.sha256`.
        pause: seconds before the next try; doubled with each one that brings nothing.

    Raises:
        UserError: the server cannot be reached or has no such file, the checksum is wrong, or
            another process downloads the file.
    """
    if not url.startswith(("http://", "https://")):
        raise UserError(f"{url}: expected an address that begins with http:// or https://")
    expected = expected.lower()
    if expected and not _SHA256.fullmatch(expected):
        raise UserError(f"SHA-256 of {path.name}: {expected!r}, expected 64 hexadecimal digits")
    with locked(path):  # or two would add to one part
        return _download_or_check(url, path, expected, pause)


def _download_or_check(url: str, path: Path, expected: str, pause: float) -> str:
    record = path.with_name(f"{path.name}.sha256")
    if path.is_file():
        if not expected and record.is_file():
            expected = record.read_text(encoding="utf-8").split(" ")[0]
        digest = file_sha256(path)
        _check(path, digest, expected, "delete it and run again")
    else:
        part = path.with_name(f"{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _fill(url, part, path, pause)
            digest = file_sha256(part)
            if expected and digest != expected:
                part.unlink()
            _check(path, digest, expected, f"what {url} gave was deleted")
            part.replace(path)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    write_text(record, f"{digest}  {path.name}\n")
    return digest


def _check(path: Path, digest: str, expected: str, then: str) -> None:
    if expected and digest != expected:
        raise UserError(f"{path}: SHA-256 is {digest}, expected {expected}; {then}")


def _fill(url: str, part: Path, path: Path, pause: float) -> None:
    """Ask for the rest of a file until all of it is there."""
    by_hand = f"download {url} by other means and place it as {path}, or run again to go on"
    tries = 0
    while True:
        before = _size(part)
        try:
            if _transfer(url, part):
                return
            reason = "the connection was cut"
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code} {error.reason}"
            if error.code == 416:
                part.unlink(missing_ok=True)  # longer than the server's file: begin again
            elif error.code < 500 and error.code not in _WORTH_ANOTHER_TRY:
                raise UserError(f"{url}: {reason}; {by_hand}") from error
        except CUT as error:
            reason = str(getattr(error, "reason", "") or error) or type(error).__name__
        tries = 0 if _size(part) > before else tries + 1
        if tries >= ATTEMPTS:
            raise UserError(f"{url}: {reason}, {tries} times in a row; {by_hand}")
        log.info("%s: %s; %d bytes are here, trying again", part.stem, reason, _size(part))
        time.sleep(pause * 2**tries)


def _transfer(url: str, part: Path) -> bool:
    """Ask once for what is missing, and add what comes; return whether the file is whole."""
    tag_file = part.with_name(f"{part.name}.tag")
    headers = {"User-Agent": f"sau/{sau.__version__}", "Accept-Encoding": "identity"}
    start = _size(part)
    tag = tag_file.read_text(encoding="utf-8") if start and tag_file.is_file() else ""
    if tag:
        headers |= {"Range": f"bytes={start}-", "If-Range": tag}
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        span = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        goes_on = response.status == 206 and span is not None and int(span.group(1)) == start
        if not goes_on:
            start = 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        with part.open("ab" if goes_on else "wb") as file:
            # Without a tag nothing says that two tries gave parts of the same file.
            tag_file.write_text(_tag(response), encoding="utf-8")
            for chunk in _chunks(response, part.stem, total and total - start):
                file.write(chunk)
    whole = total is None or _size(part) == total
    if whole:
        tag_file.unlink()
    return whole


def _chunks(response: HTTPResponse, name: str, length: int | None) -> Iterator[bytes]:
    """Yield what comes, with progress in MiB; it ends when the connection does."""
    total = None if length is None else -(-length // CHUNK)
    yield from progress(iter(lambda: response.read(CHUNK), b""), name, total=total, unit="MiB")


def _tag(response: HTTPResponse) -> str:
    """Return what tells this version of the file from others: a strong ETag, or its time."""
    etag = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return str(etag)
    return str(response.headers.get("Last-Modified", ""))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
