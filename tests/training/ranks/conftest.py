from collections.abc import Iterator

import pytest

from tests.training.ranks.pair import Pair


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    started = Pair()
    yield started
    started.end()
