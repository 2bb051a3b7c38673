"""The Hub's own client against a stand-in of the Hub, in a process of its own as a user runs it."""

import os
from hashlib import sha256
from pathlib import Path

import datasets
import pytest

from tests.forks import python
from tests.loopback import serving
from tests.paths import ROOT
from tests.tools.publish_images.stand_in_hub import TOKEN, StandIn

datasets.disable_progress_bars()

LIBRARIES = ("pyarrow.compute", "pyarrow.parquet", "pydantic", "requests", "fsspec", "yaml")
"""What the command imports beside the Hub's client, which reads its environment when imported."""


def push(results, out: Path, endpoint: str, *words: str, **environment: str):
    """Run the command; what is large goes by LFS, unless HF_HUB_DISABLE_XET is empty."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    own = {"HF_ENDPOINT": endpoint, "HF_TOKEN": TOKEN, "HF_HOME": str(out.parent / "home")}
    own |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONPATH": str(ROOT)}
    words = ("--output", str(out), "--push", "me/set", *words)
    env = {key: value for key, value in (kept | own | environment).items() if value}
    command = ("-m", "sau", "publish", "images", str(results.folder), *words)
    return python(ROOT, *command, preloaded=LIBRARIES, environment=env)


def check_refused(done, *said: str) -> None:
    assert done.returncode == 2, done.stderr
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert all(text in errors[0] for text in said), errors[0]
    assert TOKEN not in done.stderr + done.stdout


@pytest.mark.slow
def test_pushed_files_are_those_of_the_folder(results, tmp_path):
    out = tmp_path / "set"
    with serving(StandIn()) as hub:
        hub.files["data/train-00000-of-00002.parquet"] = b"of a larger set"
        hub.files["data/train-00001-of-00002.parquet"] = b"of a larger set"
        hub.files[".gitattributes"] = b"kept"
        done = push(results, out, hub.address, "--private")
        assert done.returncode == 0, done.stderr
        pushed = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        assert hub.files == pushed | {".gitattributes": b"kept"}
        (made,) = hub.made
        assert (made["organization"], made["name"], made["type"]) == ("me", "set", "dataset")
        assert made["visibility"] == "private"
        assert f"me/set: {hub.address}/datasets/me/set/commit/1" in done.stderr
        assert TOKEN not in done.stderr + done.stdout
        for name, data in hub.files.items():
            (tmp_path / "got" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "got" / name).write_bytes(data)
    loaded = datasets.load_dataset(str(tmp_path / "got"), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"]["id"][:] == results.kept


@pytest.mark.slow
def test_tables_go_by_xet_where_its_package_is_installed(results, tmp_path):
    """Another way for the same bytes: the commit names them by the hash of the folder's file."""
    pytest.importorskip("hf_xet")
    out = tmp_path / "set"
    with serving(StandIn()) as hub:
        done = push(results, out, hub.address, HF_HUB_DISABLE_XET="")
        assert done.returncode == 0, done.stderr
        tables = {str(path.relative_to(out)): path for path in out.rglob("*.parquet")}
        hashes = {name: sha256(path.read_bytes()).hexdigest() for name, path in tables.items()}
        assert hub.pointers == hashes
        assert sum(hub.xorbs) > 0
        assert not hub.large
        assert TOKEN not in done.stderr + done.stdout
        hub.refused = "/xet-write-token/"
        done = push(results, out, hub.address, "--replace", HF_HUB_DISABLE_XET="")
        check_refused(done, "it was not uploaded", f"{out} is whole", "403")


@pytest.mark.slow
def test_refusals_of_the_hub_are_one_line_without_the_token(results, tmp_path):
    out = tmp_path / "set"
    with serving(StandIn()) as hub:
        done = push(results, out, hub.address, HF_TOKEN=f"{TOKEN}x")
        check_refused(done, "--push: me/set: the token is not taken", "Invalid user tok")
        assert f"{TOKEN}x" not in done.stderr
        assert not out.exists()
        hub.refused = "/commit/"
        done = push(results, out, hub.address)
        check_refused(done, "it was not uploaded", f"{out} is whole", "403")
        assert (out / "README.md").is_file()
        hub.refused = ""
        assert push(results, out, hub.address, "--replace").returncode == 0


@pytest.mark.slow
def test_without_network_or_token_nothing_is_begun(results, tmp_path):
    out = tmp_path / "set"
    with serving(StandIn()) as hub:
        closed = hub.address
    check_refused(push(results, out, closed), "--push: me/set: ", "cannot be reached", "Connect")
    check_refused(push(results, out, closed, HF_HUB_OFFLINE="1"), "cannot be reached", "ffline")
    check_refused(push(results, out, closed, HF_TOKEN=""), "no token in the environment variable")
    check_refused(push(results, out, closed, "--push", "set"), "'set'; expected a repository such")
    assert not out.exists()
