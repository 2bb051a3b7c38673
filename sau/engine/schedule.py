"""The learning rate of each epoch."""

import math

from sau.engine.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, epoch: int) -> float:
    """Return the learning rate of `epoch`, 1 to `settings.epochs`.

    In the first `warmup_epochs` it rises linearly to `learning_rate`. Then it follows the schedule:
    `cosine` as in `cosine_rate`, `step` multiplies it with `step_factor` after each of
    `step_epochs`. From `swa_from` on it is `swa_learning_rate`, if that is set.
    """
    if settings.swa_learning_rate > 0 and 0 < settings.swa_from <= epoch:
        return settings.swa_learning_rate
    if epoch <= settings.warmup_epochs:
        return settings.learning_rate * epoch / settings.warmup_epochs
    if settings.schedule == "cosine":
        rest = settings.epochs - settings.warmup_epochs
        return cosine_rate(settings.learning_rate, epoch - settings.warmup_epochs, rest)
    passed = sum(epoch > step for step in settings.step_epochs)
    return settings.learning_rate * settings.step_factor**passed


def cosine_rate(start: float, epoch: int, epochs: int) -> float:
    """Return the learning rate of `epoch`, 1 to `epochs`: `start` in the first, towards 0 after.

    It changes once per epoch, as in the published code of SAU and GLMC, and would be 0 in the
    epoch after the last.
    """
    return start * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / epochs))
