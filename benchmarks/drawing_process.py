"""A process that draws when it is told to, for whoever times several of them.

It loads the generator, says `ready`, and then draws as many pictures as each line of its standard
input says. It answers with the seconds that its threads have computed for them.
"""

import sys
import time
from collections.abc import Sequence

import torch

from sau.device.repeatable import repeatable
from sau.pipeline.images.load import load_generator
from sau.pipeline.images.settings import ImagesSettings


def main(words: Sequence[str]) -> None:
    """Serve until standard input ends; `words` are the model, its steps and the threads."""
    model, steps, threads = words
    settings = ImagesSettings(source="glide", model=model, steps=steps, threads=int(threads))
    with repeatable(settings.threads):
        generator = load_generator(settings, torch.device("cpu"))
        print("ready", flush=True)
        for line in sys.stdin:
            seeds = list(range(int(line)))
            before = time.process_time()
            generator.draw(["A photo of a thing."] * len(seeds), seeds)
            print(time.process_time() - before, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
