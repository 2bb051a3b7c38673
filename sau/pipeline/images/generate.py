"""Pictures from prompts, by the generators of their classes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa
import torch

from sau.core.progress import progress_in_batches
from sau.pipeline.images.batches import GuidesOf, draw_in_batches, from_noise
from sau.pipeline.images.finished import FinishedBatches
from sau.pipeline.images.image_generator import Drawn, ImageGenerator
from sau.pipeline.images.load import load_generator
from sau.pipeline.images.own_files import PLACEHOLDER, Embedding, placeholder_of, told
from sau.pipeline.images.rows import (
    EMPTY_PROMPT,
    NAMELESS_PROMPT,
    TAKEN_WORD_PROMPT,
    Task,
    images_rows,
)
from sau.pipeline.images.settings import ImagesSettings
from sau.settings.section import default_of

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
        by_label: settings of each class; tasks of classes whose settings differ in no more than the
            embedding are drawn in the same batches.
        finished: batches of an earlier job, to which those of this one are added.
        device: where to draw.
        on_batch: called with the rows of each new batch.
        guides_of: gives what tasks start from.

    Returns: rows of an images manifest, in the order of the tasks. An empty prompt, one that does
        not name the class for whose name an embedding stands, a sample that is not finite and one
        that a safety checker blanked are failed rows. Prompts that are longer than the model's
        context are cut, which is said once.

    Raises:
        UserError: no such model, or no memory for a single image.
    """
    there = finished.ids()
    missing = {task.id: task for task in tasks if task.id not in there}
    # Before the clock of the progress line: to load a large model takes as long as many pictures.
    prepared = _prepared([*missing.values()], by_label, device, guides_of)
    with progress_in_batches("images", total=len(missing), unit="image") as done:
        for asked, drawn in _batches(prepared, guides_of):
            batch = [missing[task.id] for task in asked]  # with the prompts as they were written
            rows = images_rows(batch, drawn, by_label[batch[0].label].image_size)
            finished.add(batch[0].place, rows)
            on_batch(rows)
            done(len(batch))
    return finished.table([task.id for task in tasks])


def groups_of(
    tasks: Sequence[Task], by_label: Generators
) -> list[tuple[ImagesSettings, list[Task]]]:
    """Return the tasks of each generator, in their order, and its settings.

    Those that are drawn by one model stand one after the other.
    """
    groups: list[tuple[ImagesSettings, list[Task]]] = []
    of_label: dict[int, list[Task]] = {}
    for task in tasks:
        if task.label not in of_label:
            settings = by_label[task.label]
            group = next((own for known, own in groups if known == settings), None)
            if group is None:
                groups.append((settings, group := []))
            of_label[task.label] = group
        of_label[task.label].append(task)
    models = [_model_of(settings) for settings, _ in groups]
    order = sorted(range(len(groups)), key=lambda place: models.index(models[place]))
    return [groups[place] for place in order]


class _Together(NamedTuple):
    """Pictures that are drawn in the same batches, of however many classes.

    Attributes:
        settings: of all these classes, but for their embeddings.
        embeddings: by the words for the classes' names.
        tasks: in their order.
    """

    settings: ImagesSettings
    embeddings: dict[str, Embedding]
    tasks: list[Task]


def _drawn_together(tasks: Sequence[Task], by_label: Generators) -> list[_Together]:
    """Return the tasks that each generator draws: an embedding is a word more, no other model."""
    shared = {
        label: settings.replace(embedding="") if settings.embedding else settings
        for label, settings in by_label.items()
    }
    found = []
    for settings, own in groups_of(tasks, shared):
        names = {one.label: one.class_name for one in sorted(own, key=lambda task: task.label)}
        embeddings = {
            placeholder_of(label): Embedding(by_label[label].embedding, name)
            for label, name in names.items()
            if by_label[label].embedding
        }
        found.append(_Together(settings, embeddings, own))
    return found


def _model_of(settings: ImagesSettings) -> ImagesSettings:
    """Return what a model is loaded by: own files are put on it, and any guidance scale will do."""
    scale = default_of(ImagesSettings, "guidance_scale")
    return settings.without_own_files().replace(guidance_scale=scale)


class _Generators:
    """Generators, one at a time; the model stays for the next class if that is drawn with it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._loaded: tuple[ImagesSettings, ImageGenerator] | None = None

    def has_model_of(self, settings: ImagesSettings) -> bool:
        """Return whether the model of these settings is loaded."""
        return self._loaded is not None and self._loaded[0] == _model_of(settings)

    def of(self, together: _Together) -> ImageGenerator:
        """Return the generator of some pictures; the one before is of no use any more."""
        settings = together.settings
        if self._loaded is None or not self.has_model_of(settings):
            self._loaded = None  # before the next one is loaded
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            loaded = load_generator(settings.without_own_files(), self._device)
            self._loaded = (_model_of(settings), loaded)
        generator = self._loaded[1].at_guidance_scale(settings.guidance_scale)
        generator.put_on(settings, together.embeddings)
        return generator


class _Prepared(NamedTuple):
    """What is to draw, once all that may be refused has been looked at.

    Attributes:
        refused: pictures that cannot be drawn, each with the reason.
        groups: the others, as they are told to the generators.
        generators: with the first one loaded.
    """

    refused: list[tuple[Task, str]]
    groups: list[_Together]
    generators: _Generators


def _prepared(
    tasks: Sequence[Task], by_label: Generators, device: torch.device, guides_of: GuidesOf
) -> _Prepared:
    """Load and try out what the tasks need.

    The empty prompt is the unconditional one: its picture would be of any class.
    """
    asked = [(task, *_said_to(by_label[task.label], task)) for task in tasks]
    refused = [(task, reason) for task, _, reason in asked if reason]
    said = [replace(task, prompt=prompt) for task, prompt, reason in asked if not reason]
    groups, generators = _drawn_together(said, by_label), _Generators(device)
    # The first one draws at once, which tells as much of it.
    for place, group in enumerate(groups):
        _try_out(generators, group, group.tasks[0] if place else None, guides_of)
    if groups:
        generators.of(groups[0])
    return _Prepared(refused, groups, generators)


def _batches(prepared: _Prepared, guides_of: GuidesOf) -> Iterator[tuple[list[Task], list[Drawn]]]:
    """Yield what comes of the tasks: first those that cannot be drawn, then each generator's."""
    for task, reason in prepared.refused:
        yield [task], [Drawn(None, reason)]
    for group in prepared.groups:
        generator, size = prepared.generators.of(group), group.settings.batch_size
        generator.announce([task.prompt for task in group.tasks])
        yield from draw_in_batches(generator, group.tasks, size, guides_of)


def _said_to(settings: ImagesSettings, task: Task) -> tuple[str, str]:
    """Return what the generator is told of a task, or why it cannot be drawn."""
    if not task.prompt.strip():
        return "", EMPTY_PROMPT
    if not settings.embedding:
        return task.prompt, ""
    if PLACEHOLDER in task.prompt.lower():
        return "", TAKEN_WORD_PROMPT
    prompt = told(task.prompt, task.class_name, task.label)
    return (prompt, "") if prompt else ("", NAMELESS_PROMPT)


def _try_out(
    generators: _Generators, group: _Together, task: Task | None, guides_of: GuidesOf
) -> None:
    """Load what a class needs, and draw a picture by another model than the first.

    So it refuses its settings and its files before any other picture is drawn.
    """
    is_new = not generators.has_model_of(group.settings)
    if task is None and not group.settings.lora and not group.embeddings:
        return
    generator = generators.of(group)
    # GLIDE's settings are checked before.
    if is_new and task is not None and group.settings.source == "diffusers":
        generator.draw([task.prompt], [task.seed], guides_of([task]))
