"""Pictures of chosen colours, for the tests of `sau init`."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tests.sources.make_images import put


def picture(seed, size=(40, 30), warmth=0, swapped=False, file_format="JPEG", mode="RGB"):
    """A few soft blobs, which no other seed gives, with more red; encoded.

    Where they are `swapped`, the red has become blue.
    """
    blobs = np.random.default_rng(seed).integers(0, 200, (8, 8, 3)) + np.array((warmth, 0, 0))
    blobs = blobs[..., ::-1] if swapped else blobs
    image = Image.fromarray(blobs.clip(0, 255).astype(np.uint8)).resize(size, 3).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()


def put_pictures(folder: Path, counts, seed=0, **options):
    """Write `<folder>/<class>/<number>.jpg`; later classes have more red."""
    for label, (name, count) in enumerate(counts.items()):
        for number in range(count):
            data = picture((seed, label, number), warmth=20 * label, **options)
            put(folder / name / f"{number}.jpg", data)
