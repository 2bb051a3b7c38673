"""What the folder of a trained network says of its images, for tests of tools."""

from typing import Any


def preprocessing_of(side: int, /, **changes: Any) -> dict[str, Any]:
    """Return the mapping of the views of a CIFAR network on squares of a side, in pixels."""
    plain = {
        "size": [side, side],
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.25, 0.3],
        "view_set": "cifar",
        "crop_size": None,
        "test_views": "whole",
        "precision": "float32",
    }
    return plain | changes
