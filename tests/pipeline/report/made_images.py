"""Made-up pictures for the report's tests."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from PIL import Image

from sau.storage import manifest

if TYPE_CHECKING:
    from tests.pipeline.report.conftest import World


def put_images(
    path: Path, world: "World", random: np.random.Generator, kind: str, count: int, *, failed: int
) -> None:
    """Write `count` images of each class, the last `failed` of them without an image."""
    rows = []
    for label, name in enumerate(world.class_names):
        for index in range(count):
            broken = index >= count - failed
            rows.append(
                {
                    "id": f"{kind}-{label}-{index}",
                    "image": None if broken else {"bytes": draw(random, label, world.side)},
                    "label": label,
                    "prompt": world.prompt.format(name=name) if kind == "synthetic" else None,
                    "width": None if broken else world.side,
                    "height": None if broken else world.side,
                    "status": "failed" if broken else "ok",
                    "reason": "out of memory" if broken else None,
                }
            )
    schema = manifest.SCHEMAS["images"]
    table = pa.Table.from_pylist(rows, schema)
    manifest.write(path, "images", table, {"stage": kind, "settings": {"source": kind}})


def draw(random: np.random.Generator, label: int, side: int) -> bytes:
    """Return a PNG of a bright bar on noise, turned with the class."""
    pixels = random.integers(0, 60, (side, side, 3))
    pixels[label % side] = 230
    pixels[:, (3 * label) % side, label % 3] = 200
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "png")
    return buffer.getvalue()
