"""Whether a run can be given more epochs and go on, as if it had had them from the start."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sau.engine.settings import TrainingSettings

BY_SHARE_OF_EPOCHS = frozenset({"glmc", "hybrid_sc", "ldam_drw"})
"""Methods whose loss in an epoch depends on how many there are."""


def why_not_more_epochs(settings: "TrainingSettings") -> str:
    """Return why no epochs can be added to a run; empty if they can.

    Where they can, the first epochs are byte for byte those of a longer run: they must not depend
    on how many there are.
    """
    if settings.second():
        return "its second phase begins behind the last epoch of the first one"
    if settings.schedule != "step":
        name = settings.schedule
        return f"with schedule {name} the rate of each epoch depends on how many there are"
    if settings.method in BY_SHARE_OF_EPOCHS:
        return f"with method {settings.method} the loss of each epoch depends on how many there are"
    return ""
