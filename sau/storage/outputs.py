"""What a stage writes: held by one process at a time, and there as a whole or not at all."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec

from sau.storage.lock import locked
from sau.storage.together import checked, together

_Arguments = ParamSpec("_Arguments")


@contextmanager
def writing(*paths: Path) -> Iterator[None]:
    """Let no other process write some outputs within the block (see `sau.storage.lock.locked`).

    Before one of them is put in place, it is looked whether its lock is still held.

    Args:
        paths: files or folders.

    Raises:
        UserError: another process writes one of them, or none can be written there.
    """
    with locked(*paths) as check, checked(dict.fromkeys(paths, check)):
        yield


def writes(
    *names: str,
) -> Callable[[Callable[_Arguments, None]], Callable[_Arguments, None]]:
    """Say which arguments of a stage are its outputs.

    While it runs, no other process writes them, and they appear when it is done, all or none.

    Args:
        names: of arguments that are paths.
    """

    def decorate(stage: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
        signature = inspect.signature(stage)

        @functools.wraps(stage)
        def run(*arguments: _Arguments.args, **keywords: _Arguments.kwargs) -> None:
            given: dict[str, Any] = signature.bind(*arguments, **keywords).arguments
            paths = [given[name] for name in names]
            with writing(*paths), together(*paths):
                stage(*arguments, **keywords)

        return run

    return decorate
