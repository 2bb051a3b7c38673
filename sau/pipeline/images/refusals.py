"""What a pipeline of diffusers says to settings that do not fit it, as one line about these."""

import copy
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sau.core.errors import UserError
from sau.core.unloadable import reason_of

_NO_MEMORY = ("can't allocate memory", "not enough memory")
"""What PyTorch says where a CPU's memory is at its end; it has no kind of error for that."""


@contextmanager
def telling_out_of_memory() -> Iterator[None]:
    """Tell in one line where the machine's own memory, not a GPU's, is at its end inside.

    Raises:
        UserError: it is.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RuntimeError) and not any(text in str(error) for text in _NO_MEMORY):
            raise
        raise UserError(
            f"images: out of memory ({reason_of(error)}); set images.precision to bfloat16, draw "
            "smaller images or fewer at once (images.height, images.width, images.batch_size), or "
            "use a machine with more memory"
        ) from error


def refusal(error: Exception, pipeline: Any, options: Mapping[str, Any]) -> UserError:
    """Return what to tell of an error that a pipeline raised when it was to draw.

    Args:
        error: of diffusers or below.
        pipeline: that raised it.
        options: what it was called with beside prompts and generators.
    """
    said = f"{type(pipeline).__name__} refuses it ({reason_of(error)})"
    steps = options.get("num_inference_steps")
    if steps is not None and _is_of_steps(error, getattr(pipeline, "scheduler", None), steps):
        return UserError(f"images.steps: {steps}, but {said}; set another number, such as fewer")
    for name in ("height", "width"):
        if name in options and name in str(error):
            return UserError(f"images.{name}: {options[name]}, but {said}; set another size")
    given = ", ".join(f"{name} {value}" for name, value in options.items())
    return UserError(
        f"images: to be drawn with {given}, but {said}; change these settings, or choose another "
        "model"
    )


def _is_of_steps(error: Exception, scheduler: Any, steps: int) -> bool:
    """Return whether it is the number of steps that the scheduler cannot take."""
    own = copy.deepcopy(scheduler)
    try:
        own.set_timesteps(steps)
    except Exception as refused:  # of any kind, as the one that is compared with it
        return str(refused) == str(error)
    # Steps that are as many as the time steps of the training may begin beyond the last of these.
    known = own.config.get("num_train_timesteps", math.inf)
    return isinstance(error, IndexError) and float(max(own.timesteps)) >= known
