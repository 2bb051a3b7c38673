"""A process that trains the fast lane's network on noise when it is told to.

It warms up, says `ready`, and then trains an epoch for each line of its standard input. It answers
with the seconds that the epoch took.
"""

import sys
import time
from collections.abc import Sequence

from benchmarks.data import random_images
from benchmarks.engine import Engine
from benchmarks.fast_lane import preset
from sau.device.kept_memory import keep_freed_memory

KEEPS, LEAVES = "keeps", "leaves"


def main(words: Sequence[str]) -> None:
    """Serve until standard input ends; `words`: keeps or leaves, width, batch size, steps, threads.

    The first says whether freed memory stays with the process.
    """
    memory, *numbers = words
    width, batch_size, steps, threads = map(int, numbers)
    if memory == KEEPS:
        keep_freed_memory()
    shared = {"method": "cross_entropy", "device": "cpu", "threads": threads}
    settings = preset(**shared, width=width, batch_size=batch_size)
    engine = Engine(random_images(steps * batch_size, classes=10), settings)
    engine.epoch()
    print("ready", flush=True)
    for _ in sys.stdin:
        before = time.perf_counter()
        engine.epoch()
        print(time.perf_counter() - before, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
