"""One slice: train what the time allows, and leave all of it in files that can be moved."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import sau
from sau.core.errors import EXIT_STOPPED_EARLY, EXIT_USER_ERROR
from sau.core.signals import Interruption
from scripts.slices.jobs import (
    CHECKPOINT,
    KEPT,
    MODEL,
    PART_BYTES,
    Job,
    chosen,
    read_jobs,
    write_jobs,
)
from scripts.slices.split import split_file
from scripts.slices.state import (
    SLICES_FILE,
    Progress,
    furthest,
    note_finished,
    note_slice,
    progress_of,
)

logger = logging.getLogger("slices")

_ENDED = (-signal.SIGKILL, -signal.SIGTERM, Interruption(signal.SIGTERM).exit_code)
"""Exit codes of training that was ended before it could stop by itself, as while it started."""

START_UP = 10.0
"""Seconds that Python may take to load PyTorch, before a run's own clock begins."""


class Slice:
    """The time that there is, and the signal that may end it sooner.

    Args:
        end: when all must be written, by `time.monotonic()`.
        reserve: seconds before the end at which training is told to stop.
    """

    def __init__(self, end: float, reserve: float) -> None:
        self._end, self._reserve = end, reserve
        self._signalled = False
        self._child: subprocess.Popen[bytes] | None = None
        signal.signal(signal.SIGTERM, self._pass_on)

    def left(self) -> float:
        """Return the seconds in which there may be training."""
        return 0.0 if self._signalled else self._end - self._reserve - time.monotonic()

    def train(self, words: Sequence[str]) -> int:
        """Run `sau training` with `words` for as long as there is time; return its exit code.

        It knows the limit, and should it miss it, gets SIGTERM. What has not ended by the end of
        the slice is killed; its last checkpoint stands.
        """
        root = str(Path(sau.__file__).parents[1])
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
        }
        limit = ["--stop-after", f"{self.left() - START_UP:.1f}"]
        command = [sys.executable, "-m", "sau", "training", *words, *limit]
        with subprocess.Popen(command, env=environment) as self._child:
            if self._signalled:  # while the child was being made
                self._child.terminate()
            try:
                self._child.wait(max(self.left(), 0))
            except subprocess.TimeoutExpired:
                self._child.terminate()
            try:
                return self._child.wait(max(self._end - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                self._child.kill()
                return self._child.wait()

    def _pass_on(self, *_: object) -> None:
        self._signalled = True
        if self._child is not None:
            self._child.terminate()


def run(
    pack: Path,
    output: Path,
    time_slice: Slice,
    only: Sequence[str] = (),
    *,
    models: bool = True,
    part_bytes: int = PART_BYTES,
) -> int:
    """Work through the jobs of a pack, in their order, until all are done or the time is up.

    Args:
        pack: folder that `pack` made; runs' folders in it are taken up too.
        output: folder of the runs' folders: outputs of finished runs, checkpoints of others.
        time_slice: how long.
        only: folders of runs to train, such as sau/imbalance-100; empty: all.
        models: whether to keep the weights of finished runs.
        part_bytes: of a file of weights, which is cut where it is not smaller.

    Returns 0 if every chosen run is finished, 75 if some are not yet, 2 if one has failed.
    """
    jobs = chosen(read_jobs(pack), only)
    write_jobs(output, read_jobs(pack))
    failed = []
    for job in jobs:
        if furthest(job, [output, pack])[0].finished:
            continue
        if time_slice.left() <= START_UP:
            break
        code = _train(job, pack, output, time_slice)
        ended_by_us = code in _ENDED and time_slice.left() <= 0
        if code not in (0, EXIT_STOPPED_EARLY) and not ended_by_us:
            logger.error("%s: failed with exit code %d", job.name, code)
            failed.append(job)
    for job in jobs:
        if progress_of(job, output).finished:
            note_finished(output / job.folder)
            _make_movable(output / job.folder, part_bytes if models else None)
    if failed:
        return EXIT_USER_ERROR
    finished = all(furthest(job, [output, pack])[0].finished for job in jobs)
    return 0 if finished else EXIT_STOPPED_EARLY


def _train(job: Job, pack: Path, output: Path, time_slice: Slice) -> int:
    folder = output / job.folder
    before, where = furthest(job, [output, pack])
    if where != output and before > Progress():
        _take_up(where / job.folder, folder)
    logger.info("%s: from epoch %d of %d", job.name, before.epochs, job.epochs)
    began = time.monotonic()
    code = time_slice.train(job.words(pack, folder))
    after = progress_of(job, output)
    if after > before:
        epochs, seconds = after.epochs - before.epochs, time.monotonic() - began
        note_slice(folder, epochs, seconds, finished=after.finished)
    return code


def _take_up(source: Path, folder: Path) -> None:
    """Copy a checkpoint, and what is noted of its run; the one that is there is less far."""
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
    shutil.copytree(source / CHECKPOINT, folder / CHECKPOINT)
    if (source / SLICES_FILE).is_file():
        shutil.copyfile(source / SLICES_FILE, folder / SLICES_FILE)


def _make_movable(folder: Path, part_bytes: int | None) -> None:
    """Remove second names of results; cut the model into small files, or remove it if None."""
    shutil.rmtree(folder / KEPT, ignore_errors=True)
    model = folder / MODEL
    if not model.is_dir():
        return
    if part_bytes is None:
        shutil.rmtree(model)
        return
    for path in sorted(model.rglob("*.safetensors")):
        split_file(path, part_bytes)
