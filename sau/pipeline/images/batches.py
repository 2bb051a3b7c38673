"""Batches of pictures, as large as the GPU's memory lets them be."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence

import torch
from PIL import Image

from sau.core.errors import UserError
from sau.pipeline.images.image_generator import Drawn, ImageGenerator
from sau.pipeline.images.rows import Task

log = logging.getLogger(__name__)


GuidesOf = Callable[[Sequence[Task]], list[Image.Image] | None]
"""Gives the image that each task starts from; None where these tasks start from noise."""


def from_noise(_: Sequence[Task]) -> None:
    """Tell that no task has a guide."""


def draw_in_batches(
    generator: ImageGenerator,
    tasks: Sequence[Task],
    size: int,
    guides_of: GuidesOf = from_noise,
) -> Iterator[tuple[list[Task], list[Drawn]]]:
    """Draw pictures batch by batch; where memory runs out, with half as many at once from there on.

    A batch holds whatever pictures come next, of one class or of several, as many as the generator
    computes without waste. A last batch is filled up with its last picture for generators that want
    batches of one size.

    Args:
        generator: what draws.
        tasks: the pictures, in the order in which they are drawn.
        size: pictures of a batch at most, at least 1.
        guides_of: what the pictures start from.

    Yields the tasks of a batch and what came of each.

    Raises:
        UserError: the GPU cannot hold a single picture.
    """
    start, size = 0, generator.whole_batch(size)
    while start < len(tasks):
        batch = list(tasks[start : start + size])
        try:
            drawn = _draw(generator, batch, size, guides_of)
        except torch.OutOfMemoryError:
            drawn = None
        if drawn is None:  # out of the handler, which keeps what was on the GPU alive
            size = _smaller(size if generator.full_batches else len(batch))
            continue
        yield batch, drawn
        start += len(batch)


def _draw(
    generator: ImageGenerator, batch: list[Task], size: int, guides_of: GuidesOf
) -> list[Drawn]:
    filled = batch + batch[-1:] * (size - len(batch) if generator.full_batches else 0)
    prompts, seeds = [task.prompt for task in filled], [task.seed for task in filled]
    drawn = generator.draw(prompts, seeds, guides_of(filled))
    return drawn[: len(batch)]


def _smaller(size: int) -> int:
    if size == 1:
        raise UserError(
            "images: out of GPU memory with a single image at once; set images.precision to "
            "bfloat16, draw smaller images, or use a GPU with more memory"
        )
    if "torch._dynamo" in sys.modules:
        # Compiled networks are compiled again: graphs recorded for more images hold memory.
        torch.compiler.reset()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    log.warning("out of GPU memory with %d images at once; going on with %d", size, size // 2)
    return size // 2
