"""What the pieces of an epoch take, and how an epoch is put together from them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Pieces:
    """Seconds of some of an epoch's start, the prototypes, and of some of its steps.

    `images`: how many were passed for the prototypes; `steps`: of the optimizer.
    """

    prototypes: float
    images: int
    training: float
    steps: int

    def step(self) -> float:
        """Return the seconds of one step."""
        return self.training / self.steps

    def epoch(self, images: int, steps: int) -> float:
        """Return the seconds of an epoch that passes `images` for its prototypes and has `steps`.

        Both parts take time in proportion to what they pass.
        """
        return self.prototypes * images / self.images + self.step() * steps
