"""`sau fetch glide` against a real server on the loopback interface."""

import hashlib
import logging
from pathlib import Path

import pytest

from sau.__main__ import main
from sau.tools import fetch_glide
from tests.paths import SHARED
from tests.tools.server import Files

FILES = {
    name: name.encode() * 999 for name in ("encoder.json", "vocab.bpe", "base.pt", "upsample.pt")
}


def sha256(name: str) -> str:
    return hashlib.sha256(FILES[name]).hexdigest()


@pytest.fixture
def mirror(server: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Files:
    """A mirror of all files, with a vocabulary of our own, and an empty cache."""
    server.files.update(FILES)
    known = {name: sha256(name) for name in ("encoder.json", "vocab.bpe")}
    monkeypatch.setattr(fetch_glide, "VOCABULARY_SHA256", known)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return server


def test_files_all_go_into_the_cache(
    mirror: Files, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert main(["fetch", "glide", "--mirror", f"{mirror.address}/"]) == 0
    folder = tmp_path / "cache" / "sau" / "glide"
    assert {
        path.name: path.read_bytes() for path in folder.iterdir() if path.name in FILES
    } == FILES
    assert (
        f"base.pt: SHA-256 {sha256('base.pt')} (not checked, no checksum was given)" in caplog.text
    )
    assert f"vocab.bpe: SHA-256 {sha256('vocab.bpe')} (checked)" in caplog.text
    assert f"now: sau convert glide --base {folder / 'base.pt'} --upsampler" in caplog.text
    mirror.requests.clear()
    assert main(["fetch", "glide", "--mirror", mirror.address]) == 0
    assert mirror.requests == []


def test_checksum_that_is_given_is_asked_of_its_file(
    mirror: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fetch", "glide", "--mirror", mirror.address, "--output", str(tmp_path / "here")]
    assert main([*words, "--base-sha256", sha256("base.pt"), "--upsampler-sha256", "0" * 64]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("sau fetch glide: error: ")
    assert f"upsample.pt: SHA-256 is {sha256('upsample.pt')}, expected {'0' * 64}" in error
    assert not (tmp_path / "here" / "upsample.pt").exists()
    assert (tmp_path / "here" / "base.pt").exists()


def test_vocabulary_of_another_model_is_refused(
    mirror: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror.files["vocab.bpe"] = b"#version: 0.2\n"
    assert main(["fetch", "glide", "--mirror", mirror.address]) == 2
    assert f"vocab.bpe: SHA-256 is {hashlib.sha256(mirror.files['vocab.bpe']).hexdigest()}" in (
        capsys.readouterr().err
    )


def test_published_addresses_and_checksums() -> None:
    host = "https://openaipublic.blob.core.windows.net/"
    assert f"{host}diffusion/dec-2021" == fetch_glide.CHECKPOINTS
    golden = SHARED / "golden" / "glide_tokenizer"
    if not golden.exists():
        pytest.skip("the authors' vocabulary is not here")
    import gzip

    for name, expected in fetch_glide.VOCABULARY_SHA256.items():
        data = gzip.decompress((golden / f"{name}.gz").read_bytes())
        assert hashlib.sha256(data).hexdigest() == expected
