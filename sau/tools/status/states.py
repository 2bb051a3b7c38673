"""In what state a job of the workflow is."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.run.planned import Job
from sau.storage.holder import Holder
from sau.storage.lock import lock_of
from sau.storage.lock_file import LockFile

SHOWN = 5
"""Last lines of a log that are shown."""
_TAIL = 1 << 14
"""Bytes of a log that are looked at, from its end."""
_FAILED = re.compile(r"sau [a-z ]+: error: |[A-Za-z_.]*(Error|Exception)\b|.*Killed$")


class State(StrEnum):
    """What may be said of a job; the value is the word for it."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    STOPPED = "stopped"
    OUTDATED = "to run again"
    MISSING = "to do"


@dataclasses.dataclass(frozen=True)
class JobState:
    """A job, its state, and what there is to say of it.

    Attributes:
        job: the job.
        state: its state.
        why: who runs it, or why it has to run again; empty if there is nothing to say.
        tail: last lines of its log, where it runs, failed or stopped.
    """

    job: Job
    state: State
    why: str = ""
    tail: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Look:
    """What stands on the disk of a job at one moment.

    Attributes:
        holder: the process that writes its outputs, if there is one.
        is_whole: whether all outputs are there.
        tail: last lines of its log.
    """

    holder: Holder | None
    is_whole: bool
    tail: tuple[str, ...]


def look_at(job: Job) -> Look:
    """Look at a job's outputs, their locks and its log."""
    is_whole = all(path.exists() for path in job.outputs)
    return Look(holder_of(job.outputs), is_whole, last_lines(job.log))


def state_of(job: Job, look: Look, reasons: Mapping[str, str], *, at_work: bool) -> JobState:
    """Return the state of a job.

    Args:
        job: of the workflow.
        look: at it, from before `reasons` were asked for: a job that ends between the two is seen
            as at work or as done, and never as one whose outputs are there and have to be made.
        reasons: why jobs would run now, in Snakemake's words, by their names.
        at_work: whether a workflow is at work on the results: then what is not there may come.
    """
    if look.holder is not None:
        return JobState(job, State.RUNNING, look.holder.describe(), look.tail)
    if job.name not in reasons:
        return JobState(job, State.DONE)
    if look.is_whole:
        return JobState(job, State.OUTDATED, one_line(reasons[job.name]))
    if not look.tail:
        return JobState(job, State.MISSING)
    if any(map(_FAILED.match, look.tail)):
        return JobState(job, State.FAILED, "", look.tail)
    return JobState(job, State.MISSING if at_work else State.STOPPED, "", look.tail)


def holder_of(outputs: Sequence[Path]) -> Holder | None:
    """Return the process that writes one of the outputs, if it is still there."""
    for path in outputs:
        try:
            holder = LockFile(lock_of(path), path).held_by()
        except UserError:  # it cannot be read
            continue
        if holder is not None and not holder.process.is_gone():
            return holder
    return None


def last_lines(log: Path) -> tuple[str, ...]:
    """Return the last lines of a log that say something, made printable; none if there is none.

    Of a progress bar, which overwrites its line, the last state counts.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - _TAIL, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    lines = [line.rsplit("\r", 1)[-1].strip() for line in text.replace("\r\n", "\n").split("\n")]
    return tuple(one_line(line) for line in lines if line)[-SHOWN:]
