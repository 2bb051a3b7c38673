"""What the scores stage needs of a CLIP, whichever library computes it."""

import dataclasses
from typing import Any

from sau.pipeline.scores.geometry import Geometry


@dataclasses.dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode, on its device.

    Attributes:
        model: has `encode_image`, `encode_text` and `logit_scale`.
        tokenizer: turns texts into what `encode_text` takes.
        geometry: brings an image to the square that the model looks at.
        mean: of each channel, taken off pixels from 0 to 1.
        std: of each channel, by which they are then divided.
    """

    model: Any
    tokenizer: Any
    geometry: Geometry
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
