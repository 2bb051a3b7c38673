"""What one value's run has made, put where the run of another value looks before it makes it."""

import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger(__name__)


def offer(first: Path, other: Path) -> int:
    """Link the second names of a run's results below another run's folder.

    A job takes such a result back only if all that it depends on is the same
    (`sau.storage.reuse`): the pictures where a value concerns what comes after them, the runs on
    real images alone where it concerns the pictures. What the other folder has of its own stays.

    Args:
        first: results of a run that ended well.
        other: results of the run to come; its folder need not exist.

    Returns how many results were linked; 0 where the file system has no hard links.
    """
    linked = 0
    for folder in sorted(first.rglob("*.reuse")):
        target = other / folder.relative_to(first)
        if target.exists():
            continue
        try:
            shutil.copytree(folder, target, copy_function=os.link)
        except (OSError, shutil.Error) as error:
            shutil.rmtree(target, ignore_errors=True)
            log.warning("%s: no second names (%s); each value makes all anew", target, error)
            return linked
        linked += 1
    return linked
