"""Random images of CIFAR's shape, as arrays and as the manifests that the engine reads."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from sau.storage.manifest import SCHEMAS, write

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
"""CIFAR-10's."""

REAL_PART = 4
"""One in four images is real: of CIFAR-10's 50,000 at an imbalance factor of 100, 12,406 are."""


@dataclasses.dataclass(frozen=True)
class RandomImages:
    """A training set of noise.

    `pixels`: uint8 (N, H, W, 3); `labels`: int64 (N,), each class as often as any other;
    `is_synthetic`: bool (N,); the real images come first.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    is_synthetic: NDArray[np.bool_]
    classes: int

    def real(self) -> "RandomImages":
        """Return the real images alone."""
        kept = ~self.is_synthetic
        return RandomImages(
            self.pixels[kept], self.labels[kept], self.is_synthetic[kept], self.classes
        )


def random_images(count: int, classes: int, side: int = 32, seed: int = 0) -> RandomImages:
    """Return `count` images of noise, at least one real one for each class if there are as many."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    real = max(count // REAL_PART, min(classes, count))
    return RandomImages(pixels, np.arange(count) % classes, np.arange(count) >= real, classes)


def write_manifests(images: RandomImages, folder: Path) -> dict[str, list[Path]]:
    """Write the images into `folder` as stages would; return what `assemble` takes, by name."""
    provenance = {
        "class_names": [f"class {label}" for label in range(images.classes)],
        "mean": list(MEAN),
        "std": list(STD),
    }
    rows = [_image_row(images, place) for place in range(len(images.labels))]
    real = int((~images.is_synthetic).sum())
    tables: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any]]] = {
        "train_images": ("images", rows[:real], provenance),
        "synthetic_images": ("images", rows[real:], {}),
        "test_images": ("images", rows[:1], provenance),
        "members": ("members", _members(images), {"imbalance_factor": 1.0, "data_seed": 0}),
    }
    paths = {}
    for name, (kind, content, facts) in tables.items():
        path = folder / f"{name}.parquet"
        write(path, kind, pa.Table.from_pylist(content, SCHEMAS[kind]), facts)
        paths[name] = [path]
    return paths


def _image_row(images: RandomImages, place: int) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.fromarray(images.pixels[place]).save(buffer, format="PNG", compress_level=0)
    height, width = images.pixels.shape[1:3]
    return {
        "id": f"noise/{place}",
        "image": {"bytes": buffer.getvalue(), "path": None},
        "label": int(images.labels[place]),
        "prompt": None,
        "seed": None,
        "width": width,
        "height": height,
        "status": "ok",
        "reason": None,
    }


def _members(images: RandomImages) -> list[dict[str, Any]]:
    facts = zip(images.labels.tolist(), images.is_synthetic.tolist(), strict=True)
    return [
        {"id": f"noise/{place}", "label": label, "is_synthetic": made, "score": None}
        for place, (label, made) in enumerate(facts)
    ]
