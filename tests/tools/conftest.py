from collections.abc import Iterator

import pytest

from sau.tools import download
from tests.tools.server import Files, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """A server, and downloads that do not wait between two tries."""
    monkeypatch.setattr(download, "PAUSE", 0.0)
    with serving() as files:
        yield files
