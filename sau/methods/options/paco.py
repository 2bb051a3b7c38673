"""Options of PaCo."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class PacoOptions(Section):
    """Options of parametric contrastive learning; the defaults are the authors' for CIFAR-100."""

    section: ClassVar[str] = "training.options"

    alpha: float = setting(
        0.01, "weight of a positive query or key, that of a class centre being 1", above=0
    )
    temperature: float = setting(0.05, "of the similarities of queries and keys", above=0)
    queue_size: int = setting(1024, "keys that are remembered", unit="images", minimum=1)
    key_momentum: float = setting(
        0.999, "decay of the moving average that embeds the keys", minimum=0, maximum=0.999999
    )
