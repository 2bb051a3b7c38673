"""One workflow at a time writes a results folder, whatever folder it was started in."""

import atexit
from contextlib import ExitStack
from pathlib import Path

from sau.storage.holder import Holder
from sau.storage.lock import holding
from sau.storage.lock_file import LockFile

NAME = ".workflow.lock"


def hold_results(results: Path) -> None:
    """Keep workflows of other working directories off a results folder until this process ends.

    Snakemake's own lock lies in the working directory. It knows which files a run of that directory
    writes, and lets a second one in that writes others; so does this lock. A workflow elsewhere
    would remove outputs of this one before any stage could refuse.

    Args:
        results: the folder; it is made if it is missing.

    Raises:
        UserError: a workflow of another working directory is at work there.
    """
    lock = LockFile(results / NAME, results)
    there = lock.held_by()
    if there is not None and _is_of_this_folder(there) and not there.process.is_gone():
        return
    held = ExitStack()
    held.enter_context(holding([lock]))
    atexit.register(held.close)


def who_holds(results: Path) -> Holder | None:
    """Return the workflow that is at work on a results folder; None if there is none.

    Raises:
        UserError: the lock's file cannot be read.
    """
    there = LockFile(results / NAME, results).held_by()
    return there if there is not None and not there.process.is_gone() else None


def _is_of_this_folder(holder: Holder) -> bool:
    ours = Holder.current()
    return (holder.folder, holder.folder_number) == (ours.folder, ours.folder_number)
