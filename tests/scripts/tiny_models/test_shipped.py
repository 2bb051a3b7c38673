"""The models that are shipped: unchanged files, and as good as their description says."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import sau.assets
from sau.glide.pipeline import GlidePipeline
from scripts.tiny_models.glide_model import TINY
from scripts.tiny_models.measure import accuracy_on_prints, shares_recognised

ASSETS = Path(sau.assets.__file__).parent
LINES = (ASSETS / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
LARGEST_TOTAL = 6_000_000


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("  ")[1])
def test_file_is_unchanged(line: str) -> None:
    digest, name = line.split("  ")
    assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == digest


def test_models_are_small() -> None:
    assert sum((ASSETS / line.split("  ")[1]).stat().st_size for line in LINES) < LARGEST_TOTAL


def test_clip_reads_printed_digits() -> None:
    assert accuracy_on_prints(ASSETS / "tiny-clip", count=1000) > 0.98


def test_glide_draws_the_class_asked_for() -> None:
    shares = shares_recognised(ASSETS / "tiny-clip", ASSETS / "tiny-glide", each=5)
    assert sum(shares) / len(shares) > 0.95


def test_glide_has_the_sizes_that_its_script_says() -> None:
    shipped = GlidePipeline.from_pretrained(ASSETS / "tiny-glide")
    tiny = dataclasses.replace(TINY, vocabulary_size=len(shipped.tokenizer))
    made = {"unet": tiny.unet(), "text_encoder": tiny.text_encoder(), "scheduler": tiny.scheduler()}
    for name, part in made.items():
        assert _own_keys(getattr(shipped, name).config) == _own_keys(part.config), name


def _own_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out where it was loaded from and what wrote it; JSON has no tuples."""
    text = json.dumps({key: value for key, value in config.items() if not key.startswith("_")})
    found: dict[str, Any] = json.loads(text)
    return found
