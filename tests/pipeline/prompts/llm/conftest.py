import json
import logging

import pytest

from sau.pipeline.prompts.settings import PromptsSettings
from sau.pipeline.prompts.stage import prompts
from sau.storage import manifest

KEY = "sk-proj-0123456789abcdefSECRETghijkl"

WORDS = ["amber", "birch", "cedar", "delta", "ember", "flint", "grove", "heron", "ivory", "jade"]
CLASSES = [
    f"{one} {two}" for one in WORDS for two in (["stone", "fish", "cart", "tower", "moth"] * 2)
]
CLASSES = [f"{name} {'ab'[i % 10 // 5]}x" for i, name in enumerate(CLASSES)]
"""A hundred names of classes."""


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """The key, and no proxy or setting of the openai package from outside."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "AZURE_OPENAI_AD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture(autouse=True)
def everything_is_logged(caplog):
    """All loggers speak, so that a test can see that none tells the key."""
    caplog.set_level(logging.DEBUG)


class Stage:
    """The stage with a language model at an address, its files in one folder."""

    def __init__(self, folder, real_images):
        self.folder = folder
        self.output = folder / "prompts" / "prompts.parquet"
        self.answers = folder / "prompts" / "answers.jsonl"
        self._real_images = real_images

    def settings(self, url, **values):
        quick = {"retry_wait": 0.01, "timeout": 5.0, "requests_per_minute": 1e6, "per_class": 1}
        address = {"source": "llm", "base_url": f"{url}/v1"}
        return PromptsSettings(**{**address, **quick, **values})

    def run(self, url, class_names, **values):
        """Run the stage and return its table."""
        images = self._real_images(*class_names)
        settings = self.settings(url, **values)
        prompts(images, self.output, answers=self.answers, settings=settings)
        return manifest.read(self.output, "prompts").to_pandas()

    def estimate(self, url, class_names, **values):
        images = self._real_images(*class_names)
        settings = self.settings(url, **values)
        prompts(images, self.output, answers=self.answers, estimate=True, settings=settings)

    def stored(self):
        """Return the lines of the store."""
        return [json.loads(line) for line in self.answers.read_text().splitlines()]


@pytest.fixture
def stage(tmp_path, real_images):
    return Stage(tmp_path, real_images)


@pytest.fixture
def no_key_anywhere(tmp_path, caplog, capfd):
    """Check, at the end of a test, that the key is in no file, no log and nothing printed."""
    yield
    assert KEY not in caplog.text
    assert KEY not in "".join(capfd.readouterr())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
