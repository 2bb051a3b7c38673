"""What one value's run has made, put where the run of another value looks before it makes it."""

import logging
import os
from pathlib import Path

from sau.core.errors import UserError
from sau.pipeline.personalised import LEARNED_CLASSES
from sau.run.results_lock import who_holds
from sau.storage.folders import new_folder
from sau.storage.reuse import RECORD

log = logging.getLogger(__name__)


def offer(first: Path, other: Path) -> int:
    """Link the second names of a run's results below another run's folder.

    A job takes such a result back only if all that it depends on is the same
    (`sau.storage.reuse`): the pictures where a value concerns what comes after them, the runs on
    real images alone where it concerns the pictures. What the other folder has of its own stays,
    unless the first run made the same result later, as after a change that concerns both.

    Args:
        first: results of a run that ended well.
        other: results of the run to come; its folder need not exist. One that a workflow is at
            work on is left alone.

    Returns how many results were linked; 0 where the file system has no hard links.
    """
    if who_holds(other) is not None:
        return 0
    linked = 0
    for record in sorted(first.rglob(f"*.reuse/{RECORD}")):
        target = other / record.parent.relative_to(first)
        if _is_as_late(target / RECORD, record):
            continue
        try:
            with new_folder(target, replace=True) as temporary:
                _link(record.parent, temporary)
        except UserError as error:
            log.warning("no second names (%s): what they hold is made anew", error)
            break
        linked += 1
    return linked


def offer_learned(earlier: Path, other: Path) -> int:
    """Link what the generator has learned in an earlier run below another run's folder.

    The name of each file says all that it depends on: a job takes the one that it would make, and
    lets the others go.

    Args:
        earlier: results of a run that ended well.
        other: as for `offer`; one that has learned already is left alone, too.

    Returns how many files were linked; 0 where the file system has no hard links.
    """
    if who_holds(other) is not None or any(other.glob("personalise/shard-*")):
        return 0
    linked = 0
    for file in sorted(earlier.glob(f"personalise/{LEARNED_CLASSES}/*/*.safetensors")):
        target = other / file.relative_to(earlier)
        if target.exists():
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)
        except OSError as error:
            log.warning("no second names (%s): what was learned is learned anew", error)
            break
        linked += 1
    return linked


def _is_as_late(own: Path, record: Path) -> bool:
    """Return whether the other run's record was written after the first one's, or is the same."""
    return own.is_file() and own.stat().st_mtime_ns >= record.stat().st_mtime_ns


def _link(folder: Path, target: Path) -> None:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        place = target / file.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, place)
