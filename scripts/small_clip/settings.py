"""What is trained, and how long."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SmallClipTraining:
    """Settings of the training run; the loop's are those of `scripts.tiny_models.loop`.

    `image_size` is the side in pixels that pictures are enlarged to, since the image tower is one
    of timm's for large photographs; `crop_padding` is that of the random crop before.
    """

    image_tower: str = "resnet10t"
    image_size: int = 64
    crop_padding: int = 4
    embedding: int = 128
    steps: int = 1560
    batch_size: int = 128
    learning_rate: float = 2e-3
    warmup_steps: int = 150
    weight_decay: float = 0.05
    gradient_norm: float = math.inf
    steps_per_checkpoint: int = 100
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = 0
