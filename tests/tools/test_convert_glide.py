"""`sau convert glide` on small checkpoints: whole, or not at all."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from sau.__main__ import main
from sau.glide.arguments import seeded
from sau.glide.cascade import GlideCascadePipeline, GlideUpsamplePipeline
from sau.glide.openai import load_openai
from sau.glide.pictures import to_bytes
from sau.glide.pipeline import GlidePipeline
from sau.storage.process import this_machine
from sau.tools import convert_glide
from tests.forks import TORCH, python
from tests.glide.published import SMALL_BASE, SMALL_UPSAMPLER, write_published
from tests.paths import ROOT
from tests.storage.processes import names_left

PROMPTS = ["the cat", "two dogs and the other thing"]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return write_published(tmp_path / "published")


@pytest.fixture
def words(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command line for small checkpoints."""
    monkeypatch.setattr(convert_glide, "BASE", SMALL_BASE)
    monkeypatch.setattr(convert_glide, "UPSAMPLER", SMALL_UPSAMPLER)
    files = ["--base", str(published / "base.pt"), "--upsampler", str(published / "upsample.pt")]
    return ["convert", "glide", *files, "--output", str(tmp_path / "out" / "glide")]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_converted_folder_draws_what_the_checkpoints_draw(
    words: list[str],
    published: Path,
    tmp_path: Path,
) -> None:
    assert main(words) == 0
    files = (published / "base.pt", published / "upsample.pt")
    direct = GlideCascadePipeline.of(
        GlidePipeline(*load_openai(files[0], None, SMALL_BASE)),
        GlideUpsamplePipeline(*load_openai(files[1], None, SMALL_UPSAMPLER)),
    )
    loaded = GlideCascadePipeline.from_pretrained(tmp_path / "out" / "glide")
    pictures = [
        to_bytes(
            each(
                PROMPTS,
                3,
                generator=seeded([1, 2]),
                output_type="latent",
                upsampler_num_inference_steps=3,
            ).images
        )
        for each in (direct, loaded)
    ]
    assert np.array_equal(*pictures)
    assert pictures[0].std() > 10
    origin = json.loads((tmp_path / "out" / "glide" / "origin.json").read_text())
    assert origin["base_sha256"] == hashlib.sha256(files[0].read_bytes()).hexdigest()
    assert left(tmp_path / "out") == ["glide"]


def test_model_saved_again_is_the_same_bits(words: list[str], tmp_path: Path) -> None:
    assert main(words) == 0
    first, second = tmp_path / "out" / "glide", tmp_path / "second"
    GlidePipeline.from_pretrained(first).save_pretrained(second)
    larger = GlideUpsamplePipeline.from_pretrained(first / "upsampler")
    larger.save_pretrained(second / "upsampler")
    for path in sorted(first.rglob("*.safetensors")):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()
    assert len(list(second.rglob("*.safetensors"))) == 4


def test_base_alone(words: list[str], tmp_path: Path) -> None:
    assert main([*words[:4], *words[6:]]) == 0
    folder = tmp_path / "out" / "glide"
    assert not (folder / "upsampler").exists()
    assert GlidePipeline.from_pretrained(folder)("the", 2).images[0].size == (16, 16)


def test_interrupted_conversion_leaves_nothing(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        assert names_left(tmp_path / "out") == [
            ".glide.part"
        ]  # the base is written, but not in place
        raise KeyboardInterrupt

    monkeypatch.setattr(GlideUpsamplePipeline, "save_pretrained", interrupted)
    assert main(words) == 130
    assert left(tmp_path / "out") == []


def test_remains_of_a_killed_conversion_are_replaced(words: list[str], tmp_path: Path) -> None:
    remains = tmp_path / "out" / f".glide.host-{this_machine()}-{2**22 + 1}-0123abcd.part"
    remains.mkdir(parents=True)
    (remains / "half.safetensors").write_bytes(b"half")
    assert main(words) == 0
    assert left(tmp_path / "out") == ["glide"]
    assert "half.safetensors" not in left(tmp_path / "out" / "glide")


def test_killed_conversion_leaves_no_folder_of_that_name(tmp_path: Path) -> None:
    script = (
        "import os, sys, signal, pathlib\n"
        "from sau.storage.folders import new_folder\n"
        "with new_folder(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (tmp_path / "killed.py").write_text(script)
    words = (str(tmp_path / "killed.py"), str(tmp_path / "out" / "glide"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = python(tmp_path, *words, preloaded=TORCH, environment=environment)
    assert done.returncode == -signal.SIGKILL
    assert names_left(tmp_path / "out") == [".glide.part"]


def test_full_disk_is_one_line_and_leaves_nothing(published: Path, tmp_path: Path) -> None:
    """A real refused write: the process may write files of 64 KiB at most, as on a full disk."""
    script = (
        "import resource, signal, sys\n"
        "from sau.__main__ import main\n"
        "from sau.tools import convert_glide\n"
        "from tests.glide.published import SMALL_BASE\n"
        "convert_glide.BASE = SMALL_BASE\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["convert", "glide", "--base", str(published / "base.pt")]
    command = [sys.executable, "-c", script, *words, "--output", str(tmp_path / "out" / "glide")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "error: cannot write " in done.stderr
    assert "File too large" in done.stderr
    assert left(tmp_path / "out") == []


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-999])


def _add_key(path: Path) -> None:
    state = torch.load(path, weights_only=True)
    torch.save({**state, "extra.weight": torch.ones(2)}, path)


def _make_malicious(path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(path.parent / "ran"),)

    torch.save({"out.2.bias": Runs()}, path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("base.pt", _truncate, "base.pt: not a whole PyTorch checkpoint"),
        ("base.pt", Path.unlink, "base.pt: no such checkpoint; `sau fetch glide` downloads"),
        ("base.pt", _make_malicious, "base.pt: refused: it holds"),
        ("upsample.pt", _truncate, "upsample.pt: not a whole PyTorch checkpoint"),
        ("upsample.pt", _add_key, "upsample.pt: has extra.weight, for which this network has no"),
        ("vocab.bpe", Path.unlink, "GLIDE's vocabulary; `sau fetch glide` downloads it"),
    ],
)
def test_bad_files_are_one_line_and_leave_nothing(
    words: list[str],
    published: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    change: object,
    message: str,
) -> None:
    assert callable(change)
    change(published / name)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("sau convert glide: error: ")
    assert error.count("\n") == 1
    assert left(tmp_path / "out") == []
    assert not (published / "ran").exists()


def test_folder_that_is_there_is_not_touched(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out" / "glide"
    folder.mkdir(parents=True)
    (folder / "mine").write_text("mine")
    assert main(words) == 2
    assert "is there already; remove it or choose another folder" in capsys.readouterr().err
    assert left(folder) == ["mine"]
