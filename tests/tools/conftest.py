from collections.abc import Iterator

import pytest

from tests.tools.server import Files, serving


@pytest.fixture
def server() -> Iterator[Files]:
    with serving() as files:
        yield files
