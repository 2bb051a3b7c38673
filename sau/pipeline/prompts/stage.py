"""The prompts stage."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from sau.pipeline.prompts.classes import ClassWords, namesakes
from sau.pipeline.prompts.coverage import coverage
from sau.pipeline.prompts.gaps import GRID
from sau.pipeline.prompts.rows import TEMPLATE_AFTER_LLM, grid_rows, rows
from sau.pipeline.prompts.settings import PromptsSettings
from sau.storage import manifest
from sau.storage.belonging import Split, check_inputs
from sau.storage.outputs import writing
from sau.storage.provenance import provenance
from sau.storage.spool import SpooledRows
from sau.storage.waiting import waited_for

ROWS_OF_A_GROUP = 100_000
"""Of which a shard of images holds one at a time."""

BELONGING = (Split("train_images", "training"),)

log = logging.getLogger(__name__)

RowsOfClass = Callable[[ClassWords], list[dict[str, object]]]

_PATIENCE = 10.0
"""Seconds to wait for another process that writes the same prompts, which takes it a moment."""


def prompts(
    train_images: Path,
    output: Path,
    *,
    answers: Path | None = None,
    estimate: bool = False,
    settings: PromptsSettings,
) -> None:
    """Write the texts to generate images from.

    Args:
        train_images: manifest of the real training images; only its class names are read.
        output: manifest of prompts, `settings.per_class` rows for each class, class by class.
        answers: file to which each answer of a language model is added as it arrives, and from
            which those that are there are taken; None: `answers.jsonl` beside the output.
        estimate: only print how many requests there would be and what they would cost.
        settings: the section `prompts`.

    Raises:
        UserError: an override of a class that is not there; or with a language model no key, too
            little money, or a server that does not answer.
    """
    check_inputs({"train_images": train_images}, *BELONGING)
    class_names = manifest.read_facts(train_images, "images", "class_names")["class_names"]
    classes = settings.words(class_names)
    for names in namesakes(classes):
        log.warning("%s, so they get the same prompts; see prompts.classes", names)
    answers = answers or output.with_name("answers.jsonl")
    if estimate:
        print(_estimate(classes, settings, answers))
        return
    spoken = [{"name": words.name, "article": words.article} for words in classes]
    facts: dict[str, Any] = {"class_names": class_names, "class_words": spoken}
    asked = [words for words in classes if words.asks_model]
    made: RowsOfClass = partial(rows, settings=settings)
    if asked:
        made, facts["answers"] = _from_llm(asked, settings, answers)
    schema = manifest.SCHEMAS["prompts"]
    # Class by class, and not in memory: a run may have millions of prompts.
    batches = (pa.RecordBatch.from_pylist(made(words), schema) for words in classes)
    spooled = SpooledRows(batches, schema, output.parent)
    facts |= {"coverage": covered} if (covered := coverage(_with_attributes(spooled))) else {}
    # The real images themselves do not matter here: their content hash is left out on purpose.
    packages = ("openai", "py3langid", "lemminflect") if asked else ()
    record = provenance("prompts", settings, {}, packages, **facts)
    # Two that were started together end together: the second one has found the first one's answers.
    with waited_for(lambda: writing(output), _PATIENCE):
        manifest.write(output, "prompts", spooled, record, rows_of_a_group=ROWS_OF_A_GROUP)


def _with_attributes(spooled: SpooledRows) -> Iterator[dict[str, object]]:
    """Yield label and attributes of the rows that have any."""
    for batch in spooled.batches(["label", "attributes"]):
        yield from batch.filter(batch["attributes"].is_valid()).to_pylist()


def _from_llm(
    classes: Sequence[ClassWords], settings: PromptsSettings, answers: Path
) -> tuple[RowsOfClass, dict[str, Any]]:
    """Return what gives the rows of a class, and what is to be recorded of the answers."""
    from sau.pipeline.prompts.llm.collect import collect  # brings openai in, which takes its time
    from sau.pipeline.prompts.llm.store import AnswerStore

    collected = collect(classes, settings, AnswerStore(answers))
    judgements = collected.judgements

    def made(words: ClassWords) -> list[dict[str, object]]:
        judgement = judgements.get(words.label)
        if judgement is None:
            return rows(words, settings)
        if words.source == GRID:
            return grid_rows(words, settings, judgement.phrases, judgement.problems)
        return rows(words, settings, judgement.prompts, judgement.problems)

    _warn_of_templates(classes, made, settings)
    return made, collected.facts


def _warn_of_templates(
    classes: Sequence[ClassWords], made: RowsOfClass, settings: PromptsSettings
) -> None:
    """Say how many prompts are templates because no answer would do."""
    count, first = 0, None
    for words in classes:
        replaced = [row for row in made(words) if row["source"] == TEMPLATE_AFTER_LLM]
        count += len(replaced)
        first = first or next(iter(replaced), None)
    if first is not None:
        log.warning(
            "%d of %d prompts are templates, because no answer would do; the first is of %s: %s",
            count,
            settings.per_class * len(classes),
            first["class_name"],
            first["reason"],
        )


def _estimate(classes: list[ClassWords], settings: PromptsSettings, answers: Path) -> str:
    asked = [words for words in classes if words.asks_model]
    if not asked:
        return "nothing to ask: all prompts come from templates"
    from sau.pipeline.prompts.llm.collect import first_requests, plan
    from sau.pipeline.prompts.llm.store import AnswerStore

    store = AnswerStore(answers)
    return plan(first_requests(asked, settings, store), settings, store)
