from pathlib import Path

import pytest

from tests.glide.openai.published import write_published


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with small published files, see `write_published`."""
    return write_published(tmp_path / "published")
