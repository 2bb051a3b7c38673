"""Downloads from a real server that cuts, changes, fails and lies."""

import hashlib
import socket
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.tools import download as module
from sau.tools.download import ATTEMPTS
from tests.storage.processes import holder, kill
from tests.tools.server import Files

DATA = bytes(range(256)) * 5000  # more than one chunk
SHA256 = hashlib.sha256(DATA).hexdigest()


def download(url: str, path: Path, expected: str = "") -> str:
    """Download without a wait between two tries."""
    return module.download(url, path, expected, pause=0.0)


@pytest.fixture
def url(server: Files) -> str:
    server.files["base.pt"] = DATA
    return f"{server.address}/base.pt"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_whole_file_and_its_checksum_arrive(url: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / "base.pt"
    assert download(url, path) == SHA256
    assert path.read_bytes() == DATA
    assert (tmp_path / "new" / "base.pt.sha256").read_text() == f"{SHA256}  base.pt\n"
    assert names(path.parent) == ["base.pt", "base.pt.sha256"]


def test_second_download_of_a_file_is_told_of_the_first(url: str, tmp_path: Path) -> None:
    first = holder(tmp_path / "base.pt")
    with pytest.raises(UserError, match=f"being written by pid {first.pid} of "):
        download(url, tmp_path / "base.pt")
    kill(first)
    assert download(url, tmp_path / "base.pt") == SHA256


def test_cut_connection_goes_on_where_it_was(url: str, server: Files, tmp_path: Path) -> None:
    server.cut_after = [400_000, 300_000]
    assert download(url, tmp_path / "base.pt", SHA256.upper()) == SHA256
    ranges = [asked for _, asked in server.requests]
    assert ranges == [None, "bytes=400000-", "bytes=700000-"]
    assert (tmp_path / "base.pt").read_bytes() == DATA
    assert names(tmp_path) == ["base.pt", "base.pt.sha256"]


def test_download_of_the_next_call_goes_on_too(url: str, server: Files, tmp_path: Path) -> None:
    path = tmp_path / "base.pt"
    server.cut_after = [500_000] + [0] * ATTEMPTS
    with pytest.raises(UserError) as error:
        download(url, path)
    message = str(error.value)
    assert f"the connection was cut, {ATTEMPTS} times in a row" in message
    assert f"place it as {path}, or run again to go on" in message
    assert names(tmp_path) == ["base.pt.part", "base.pt.part.tag"]
    server.requests.clear()
    assert download(url, path) == SHA256
    assert server.requests == [("base.pt", "bytes=500000-")]


def test_file_that_has_changed_meanwhile_is_begun_again(
    url: str, server: Files, tmp_path: Path
) -> None:
    path, newer = tmp_path / "base.pt", DATA[::-1]
    server.cut_after = [500_000] + [0] * ATTEMPTS
    with pytest.raises(UserError):
        download(url, path)
    server.files["base.pt"] = newer
    download(url, path)
    assert path.read_bytes() == newer


@pytest.mark.parametrize("lacking", ["ranges", "tags"])
def test_server_that_cannot_go_on_begins_again(
    url: str, server: Files, tmp_path: Path, lacking: str
) -> None:
    setattr(server, lacking, False)
    server.cut_after = [400_000]
    assert download(url, tmp_path / "base.pt") == SHA256
    assert len(server.requests) == 2


def test_part_that_is_longer_than_the_file_is_thrown_away(
    url: str, server: Files, tmp_path: Path
) -> None:
    tag = f'"{SHA256[:8]}"'
    (tmp_path / "base.pt.part").write_bytes(DATA + b"more")
    (tmp_path / "base.pt.part.tag").write_text(tag)
    assert download(url, tmp_path / "base.pt") == SHA256
    assert server.requests == [("base.pt", f"bytes={len(DATA) + 4}-"), ("base.pt", None)]


def test_wrong_bytes_are_refused_and_deleted(url: str, server: Files, tmp_path: Path) -> None:
    server.files["base.pt"] = b"<html>" + DATA[6:]
    with pytest.raises(UserError, match=f"SHA-256 is .*, expected {SHA256}; what .* was deleted"):
        download(url, tmp_path / "base.pt", SHA256)
    assert names(tmp_path) == []


def test_file_that_is_there_is_checked_and_not_asked_for(
    url: str, server: Files, tmp_path: Path
) -> None:
    path = tmp_path / "base.pt"
    path.write_bytes(DATA)  # placed by hand
    assert download(url, path) == SHA256
    assert download(url, path, SHA256) == SHA256
    path.write_bytes(b"other")
    with pytest.raises(UserError, match=f"expected {SHA256}; delete it and run again"):
        download(url, path)  # by the checksum that was written before
    assert server.requests == []
    assert path.read_bytes() == b"other"


def test_server_in_trouble_is_asked_again(url: str, server: Files, tmp_path: Path) -> None:
    server.failures = [503, 500, 429]
    assert download(url, tmp_path / "base.pt") == SHA256
    server.failures = [503] * ATTEMPTS
    with pytest.raises(UserError, match=f"HTTP 503 Service Unavailable, {ATTEMPTS} times in a row"):
        download(url, tmp_path / "other.pt")


def test_file_that_is_not_there_is_not_asked_for_again(server: Files, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        download(f"{server.address}/no.pt", tmp_path / "no.pt")
    assert "HTTP 404 Not Found; download" in str(error.value)
    assert "\n" not in str(error.value)
    assert len(server.requests) == 1


def test_server_that_is_not_there_is_said(server: Files, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UserError, match=r"refused.*times in a row; download .* by other means"):
        download(f"{address}/base.pt", tmp_path / "base.pt")


@pytest.mark.parametrize(
    ("address", "expected", "message"),
    [
        ("file:///etc/passwd", "", "expected an address that begins with http"),
        ("http://127.0.0.1/a", "abc", "'abc', expected 64 hexadecimal digits"),
    ],
)
def test_nonsense_is_refused(address: str, expected: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        download(address, tmp_path / "a", expected)


def test_folder_that_cannot_be_written(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        download(url, tmp_path / "file" / "base.pt")
