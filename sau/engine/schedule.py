"""The learning rate at each time of a phase."""

import math

from sau.engine.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, epoch: int) -> float:
    """Return the learning rate of `epoch`, 1 to `settings.epochs`, as it is in all of its steps."""
    return rate_between(settings, epoch - 1, epoch)


def rate_of_step(settings: TrainingSettings, epoch: int, step: int, steps: int) -> float:
    """Return the learning rate of one step.

    Args:
        settings: of the phase; they say whether the rate changes with each step or each epoch.
        epoch: 1 to `settings.epochs`.
        step: 0 to `steps` - 1.
        steps: of an epoch.
    """
    if settings.rate_changes == "epoch":
        return learning_rate(settings, epoch)
    return rate_between(settings, epoch - 1 + step / steps, epoch - 1 + (step + 1) / steps)


def rate_between(settings: TrainingSettings, begin: float, end: float) -> float:
    """Return the learning rate of a piece of training.

    In the first `warmup_epochs` it rises linearly to `learning_rate`. Then it follows the schedule:
    `cosine` as in `cosine_rate`, `linear` falls in a straight line to what would be 0 after the
    last epoch, `step` multiplies it with `step_factor` after each of `step_epochs`. From `swa_from`
    on it is `swa_learning_rate`, if that is set.

    Args:
        settings: of the phase.
        begin: epochs that are done when the piece begins, 0 or more.
        end: and when it ends.
    """
    if settings.swa_learning_rate > 0 and 0 < settings.swa_from <= int(begin) + 1:
        return settings.swa_learning_rate
    if end <= settings.warmup_epochs:
        return settings.learning_rate * end / settings.warmup_epochs
    if settings.schedule == "step":
        passed = sum(begin >= step for step in settings.step_epochs)
        return settings.learning_rate * settings.step_factor**passed
    begin, rest = begin - settings.warmup_epochs, settings.epochs - settings.warmup_epochs
    if settings.schedule == "linear":
        return settings.learning_rate * (1 - begin / rest)
    return cosine_rate(settings.learning_rate, begin + 1, rest)


def cosine_rate(start: float, epoch: float, epochs: int) -> float:
    """Return the learning rate of `epoch`, 1 to `epochs`: `start` in the first, towards 0 after.

    Changed once per epoch, as in the published code of SAU and GLMC, it would be 0 in the epoch
    after the last.
    """
    return start * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / epochs))
