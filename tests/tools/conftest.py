from collections.abc import Iterator

import pytest

from tests.loopback import serving
from tests.tools.digits import Digits
from tests.tools.server import Files


@pytest.fixture
def server() -> Iterator[Files]:
    with serving(Files()) as files:
        yield files


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    """A network trained on digits; nobody changes its files."""
    folder = tmp_path_factory.mktemp("digits")
    return Digits(folder).with_images().train(folder)
