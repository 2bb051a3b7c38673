"""What cleanvision finds, on images that are made to have one fault each."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sau.core.errors import UserError
from sau.tools.quality.faults import COPIES, SINGLE, faults_of
from sau.tools.quality.samples import Sample
from tests.sources.make_images import encode


def picture(seed: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Coloured squares, as sharp as can be."""
    squares = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    return Image.fromarray(squares).resize(size, Image.Resampling.NEAREST)


def brighter(image: Image.Image) -> Image.Image:
    """The same picture to the eye, with no pixel the same."""
    return image.point(lambda value: min(value + 2, 255))


def soft() -> Image.Image:
    """A hill of light, about as many pixels of each level, without an edge."""
    across, along = (np.abs(np.arange(64) - middle) / 32.2 for middle in (31.3, 31.8))
    away = np.add.outer(across**6, along**6) ** (1 / 6)
    levels = 255 * np.clip(1 - away**2, 0, 1)
    return Image.fromarray(np.stack([levels, 0.96 * levels, levels], axis=-1).astype(np.uint8))


class Given(Sample):
    """A sample of images in memory."""

    def __init__(self, images: dict[str, Image.Image]) -> None:
        super().__init__(list(images), np.zeros(len(images), np.int64), [Path("none")])
        object.__setattr__(self, "_images", images)

    def encoded(self):
        return ((name, encode(image)) for name, image in reversed(self._images.items()))


def test_each_fault_is_found_and_good_images_have_none() -> None:
    images = {f"good-{seed}": picture(seed) for seed in range(20)}
    images |= {
        "dark": picture(30).point(lambda value: value // 12),
        "light": picture(31).point(lambda value: 250 + value // 60),
        "blurred": soft(),
        "empty": Image.new("RGB", (64, 64), (250, 120, 60)),
        "narrow": picture(33, (64, 700)),
        "large": picture(34, (900, 900)),
        "grey": picture(35).convert("L"),
        "copy": picture(3),
        "nearly": brighter(picture(4)),
    }
    test = {"test-new": picture(50), "test-same": picture(5), "test-nearly": brighter(picture(6))}
    test |= {"test-twice": picture(51), "test-again": picture(51)}
    found = {fault.name: set(fault.ids) for fault in faults_of(Given(images), Given(test))}
    copies = [name for names in COPIES.values() for name in names]
    assert list(found) == [*SINGLE.values(), *copies]
    assert {"dark"} <= found["Dark"]
    assert found["Light"] == {"light"}
    assert found["Blurred"] == {"blurred"}
    assert found["Nearly empty"] == {"empty"}
    assert found["Without colour"] == {"grey"}
    assert found["Long and narrow"] == {"narrow"}
    assert "large" in found["Of an odd size"]
    assert found["Same as another"] == {"good-3", "copy"}
    assert found["Same as a test image"] == {"good-5"}
    assert {"good-4", "nearly"} <= found["Nearly another"]
    assert "good-6" in found["Nearly a test image"]
    good = {name for names in found.values() for name in names if name.startswith("good")}
    assert good == {"good-3", "good-4", "good-5", "good-6"}


def test_without_cleanvision_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanvision", None)
    with pytest.raises(UserError, match="cleanvision is not installed: pip install 'sau-longtail"):
        faults_of(Given({"good": picture(0)}), Given({}))
