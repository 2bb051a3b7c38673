"""A shard's images, decoded ahead of the model and no more of them than needed."""

import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import islice, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from sau.core.ahead import map_ahead
from sau.pipeline.scores.prepare import Encoded, Prepare, Prepared
from sau.storage import manifest
from sau.storage.manifest.schemas import STATUS_OK

IMAGES_OF_A_TASK = 32
"""Images that a worker prepares in a row; fewer would cost the main process time."""

TASKS_OF_A_WORKER = 2
"""Tasks that each worker has in hand besides those of the next batch."""

Item = TypeVar("Item")


def decoding_pool(workers: int) -> Executor:
    """Return what decodes: as many processes, or one thread of this process if there are none.

    Python's threads hold each other up where images are small, so there is never more than one.
    """
    if workers == 0:
        return ThreadPoolExecutor(1)
    # A forked process could inherit a lock of PyTorch's or Arrow's threads.
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_leave_ctrl_c_to_the_parent
    )


def _leave_ctrl_c_to_the_parent() -> None:
    # A terminal sends it to all. The parent says in one line what it means, and ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def prepared_images(
    images: Path,
    prepare: Prepare,
    pool: Executor,
    *,
    workers: int,
    batch_size: int,
    task_size: int = IMAGES_OF_A_TASK,
) -> Iterator[Prepared]:
    """Yield each row of an images manifest, prepared, in the order of the rows.

    In memory are two row groups of encoded images, and pixels of about two batches.

    Args:
        images: the manifest.
        prepare: what is done with them.
        pool: whose workers do it; left open.
        workers: how many of them there are, for how far ahead they work.
        batch_size: rows that are used at once.
        task_size: images that a worker prepares in a row.
    """
    ahead = -(-batch_size // task_size) + TASKS_OF_A_WORKER * max(workers, 1)
    for task in map_ahead(pool, prepare, _tasks(images, task_size), ahead):
        yield from task


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of `size` items, the last of which may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def one_behind(items: Iterable[Item]) -> Iterator[Item]:
    """Yield each item after the one that follows it has been made.

    A GPU works on the later one while the results of the earlier one are waited for.
    """
    made: list[Item] = []
    for item in items:
        made.append(item)
        if len(made) > 1:
            yield made.pop(0)
    yield from made


def _tasks(images: Path, size: int) -> Iterator[list[Encoded | None]]:
    groups = manifest.read_groups(images, "images", columns=["image", "status"])
    # A thread reads the next group, which takes a GPU's time for several batches.
    with ThreadPoolExecutor(1) as reader:
        for group in map_ahead(reader, lambda _: next(groups, None), repeat(None), 1):
            if group is None:
                return
            for start in range(0, group.num_rows, size):
                yield _encoded(group.slice(start, size))


def _encoded(rows: pa.Table) -> list[Encoded | None]:
    """Return the images of rows; None for those that failed before."""
    found: list[Encoded | None] = []
    for row in rows.to_pylist():
        image = row["image"] or {"bytes": None, "path": None}
        ok = row["status"] == STATUS_OK
        found.append(Encoded(image["bytes"], image["path"]) if ok else None)
    return found
