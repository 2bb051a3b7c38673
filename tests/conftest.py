import io
import signal

import pytest
import torch
from hypothesis import HealthCheck, settings
from PIL import Image

from sau.core.signals import ENDING

# Derandomised, so that a run of the tests says the same on every machine; no clock, for slow ones.
settings.register_profile(
    "sau", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("sau")


def pytest_configure() -> None:
    """Take signals that end a command, also where the shell ignores them: behind `&` or `nohup`."""
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
            is_ctrl_c = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_ctrl_c else signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first, and skip what needs a GPU where there is none.

    With the slow ones at the end, one process would be left with one of them.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="there is no GPU here"))


@pytest.fixture
def png() -> bytes:
    """A red picture of 4 by 4 pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), (255, 0, 0)).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def pictures(generator: torch.Generator) -> torch.Tensor:
    """Smooth and noisy uint8 images, (24, 3, 16, 12)."""
    coarse = torch.rand(24, 3, 4, 3, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (16, 12), mode="bilinear")
    noise = 0.2 * torch.rand(24, 3, 16, 12, generator=generator)
    return (255 * (smooth * 0.8 + noise)).to(torch.uint8)
