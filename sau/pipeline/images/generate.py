"""Pictures from prompts, by the generators of their classes."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa
import torch

from sau.core.progress import progress_in_batches
from sau.pipeline.images.batches import GuidesOf, draw_in_batches, from_noise
from sau.pipeline.images.finished import FinishedBatches
from sau.pipeline.images.image_generator import Drawn
from sau.pipeline.images.load import load_generator
from sau.pipeline.images.rows import EMPTY_PROMPT, Task, images_rows
from sau.pipeline.images.settings import ImagesSettings

Generators = Mapping[int, ImagesSettings]


def generate(
    tasks: Sequence[Task],
    by_label: Generators,
    finished: FinishedBatches,
    device: torch.device,
    on_batch: Callable[[pa.Table], None],
    guides_of: GuidesOf = from_noise,
) -> pa.Table:
    """Generate the images that are not finished yet, batch by batch, and return all of them.

    Args:
        tasks: one for each image of the shard.
        by_label: settings of each class; tasks of classes with equal ones are drawn together.
        finished: batches of an earlier job, to which those of this one are added.
        device: where to draw.
        on_batch: called with the rows of each new batch.
        guides_of: gives what tasks start from.

    Returns: rows of an images manifest, in the order of the tasks. An empty prompt, a sample that
        is not finite and one that a safety checker blanked are failed rows. Prompts that are
        longer than the model's context are cut, which is said once.

    Raises:
        UserError: no such model, or no memory for a single image.
    """
    there = finished.ids()
    missing = [task for task in tasks if task.id not in there]
    with progress_in_batches("images", total=len(missing), unit="image") as done:
        for batch, drawn in _batches(missing, by_label, device, guides_of):
            rows = images_rows(batch, drawn, by_label[batch[0].label].image_size)
            finished.add(batch[0].place, rows)
            on_batch(rows)
            done(len(batch))
    return finished.table([task.id for task in tasks])


def groups_of(
    tasks: Sequence[Task], by_label: Generators
) -> list[tuple[ImagesSettings, list[Task]]]:
    """Return the tasks of each generator, in their order, and its settings."""
    groups: list[tuple[ImagesSettings, list[Task]]] = []
    for task in tasks:
        settings = by_label[task.label]
        group = next((own for known, own in groups if known == settings), None)
        if group is None:
            groups.append((settings, group := []))
        group.append(task)
    return groups


def _batches(
    tasks: Sequence[Task], by_label: Generators, device: torch.device, guides_of: GuidesOf
) -> Iterator[tuple[list[Task], list[Drawn]]]:
    """Yield what comes of the tasks: first the empty prompts, then one generator's after another's.

    The empty prompt is the unconditional one: its picture would be of any class.
    """
    empty = [task for task in tasks if not task.prompt.strip()]
    if empty:
        yield empty, [Drawn(None, EMPTY_PROMPT)] * len(empty)
    groups = groups_of([task for task in tasks if task.prompt.strip()], by_label)
    # The first one draws at once, which tells as much of it.
    for settings, own in groups[1:]:
        _draw_a_trial(settings, own[0], device, guides_of)
    for settings, own in groups:
        generator = load_generator(settings, device)
        generator.announce([task.prompt for task in own])
        yield from draw_in_batches(generator, own, settings.batch_size, guides_of)
        del generator  # before the next one is loaded
        if device.type == "cuda":
            torch.cuda.empty_cache()


def _draw_a_trial(
    settings: ImagesSettings, task: Task, device: torch.device, guides_of: GuidesOf
) -> None:
    """Draw a picture by a later generator, lest it refuse its settings when others have drawn."""
    generator = load_generator(settings, device)
    if settings.source == "diffusers":  # GLIDE's own settings are checked before
        generator.draw([task.prompt], [task.seed], guides_of([task]))
