"""Waits a little for a lock, where its holder is about to end."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from sau.storage.lock_file import LockedError

_LOOK_AGAIN = 0.25
"""Seconds between two looks."""

log = logging.getLogger(__name__)


@contextmanager
def waited_for(lock: Callable[[], AbstractContextManager[Any]], seconds: float) -> Iterator[None]:
    """Hold a lock within the block, as soon as another process has given it back.

    Args:
        lock: returns what takes the lock, such as `locked`, anew for each try.
        seconds: to wait at most.

    Raises:
        LockedError: the other process still holds it then.
    """
    end = time.monotonic() + seconds
    is_said = False
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(lock())
                break
            except LockedError as error:
                if time.monotonic() >= end:
                    raise
                if not is_said:
                    log.info("%s; waiting for up to %g s", error, seconds)
                    is_said = True
            time.sleep(_LOOK_AGAIN)
        yield
