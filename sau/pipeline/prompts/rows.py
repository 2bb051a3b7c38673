"""Rows of the prompts manifest."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sau.pipeline.prompts.classes import ClassWords
from sau.pipeline.prompts.settings import TemplateSettings
from sau.templates.attributes import balanced
from sau.templates.templates import NO_PHRASES, attributes_of, choose, fill

FROM_TEMPLATE = "template"
FROM_LLM = "llm"
FROM_GRID = "grid"
TEMPLATE_AFTER_LLM = "template_after_llm"

PLAIN_TEMPLATE = "A photo of {article} {name}."
"""Stands in where a template's gaps cannot be filled."""


class Prompt(NamedTuple):
    """A prompt, and the phrase of each attribute in it."""

    text: str
    phrases: Mapping[str, str]


def template_prompts(words: ClassWords, settings: TemplateSettings) -> list[Prompt]:
    """Return a class's prompts from templates; each template takes the class's names in turn.

    Gaps get their phrases by `balanced`, each attribute by a stream of its own. So in the first n
    prompts that name an attribute its phrases are equally frequent, but for one.
    """
    pairs = [(template, name) for template in words.templates for name in words.names()]
    chosen = choose(pairs, settings.per_class, settings.order, settings.seed, words.key)
    streams = {
        attribute: balanced(phrases, "prompts", settings.seed, words.key, attribute)
        for attribute, phrases in words.phrases.items()
    }
    prompts = []
    for template, (name, article) in chosen:
        phrases = {attribute: next(streams[attribute]) for attribute in attributes_of(template)}
        prompts.append(Prompt(fill(template, name, article, phrases), phrases))
    return prompts


def rows(
    words: ClassWords,
    settings: TemplateSettings,
    answers: Sequence[str] | None = None,
    problems: Sequence[str] = (),
) -> list[dict[str, object]]:
    """Return the rows of one class.

    Args:
        words: the class.
        settings: how many prompts, and the order of the templates.
        answers: a language model's prompts, at most as many; the templates stand in for the rest.
            None: the class has templates alone.
        problems: of the answers that would not do, for the reason.
    """
    prompts = template_prompts(words, settings)
    source, reason = FROM_TEMPLATE, None
    if answers is not None:
        source, reason = TEMPLATE_AFTER_LLM, _reason(problems)
    found = [_row(words, i, prompt, source, reason) for i, prompt in enumerate(prompts)]
    for i, answer in enumerate(answers or ()):
        found[i] = _row(words, i, Prompt(answer, NO_PHRASES), FROM_LLM, None)
    return found


def grid_rows(
    words: ClassWords,
    settings: TemplateSettings,
    phrases: Mapping[str, Sequence[str]],
    problems: Sequence[str],
) -> list[dict[str, object]]:
    """Return the rows of one class whose gaps a language model fills.

    Args:
        words: the class.
        settings: how many prompts, and the order of the templates.
        phrases: of the attributes that were asked for. Where one has none, all prompts of the class
            are `PLAIN_TEMPLATE`, and say why.
        problems: of the answers that would not do, for the reason.
    """
    source, reason = FROM_GRID, None
    if all(phrases.get(attribute) for attribute in words.asked):
        words = dataclasses.replace(words, phrases={**words.phrases, **phrases})
    else:
        source, reason = TEMPLATE_AFTER_LLM, _reason(problems)
        words = dataclasses.replace(words, templates=(PLAIN_TEMPLATE,))
    prompts = template_prompts(words, settings)
    return [_row(words, i, prompt, source, reason) for i, prompt in enumerate(prompts)]


def _row(
    words: ClassWords, index: int, prompt: Prompt, source: str, reason: str | None
) -> dict[str, object]:
    return {
        "id": f"{words.key}/{index:06d}",
        "label": words.label,
        "class_name": words.name,
        "prompt": prompt.text,
        "attributes": json.dumps(prompt.phrases, ensure_ascii=False) if prompt.phrases else None,
        "source": source,
        "reason": reason,
    }


def _reason(problems: Sequence[str]) -> str:
    """Return why answers would not do, the commonest reason first."""
    counts = sorted(Counter(problems).items(), key=lambda item: (-item[1], item[0]))
    return "answers that would not do: " + "; ".join(f"{n} x {text}" for text, n in counts)
