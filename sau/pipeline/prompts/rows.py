"""Rows of the prompts manifest."""

from collections import Counter
from collections.abc import Sequence

from sau.pipeline.prompts.classes import ClassWords
from sau.pipeline.prompts.settings import TemplateSettings
from sau.templates.templates import choose, fill

FROM_TEMPLATE = "template"
FROM_LLM = "llm"
TEMPLATE_AFTER_LLM = "template_after_llm"


def template_prompts(words: ClassWords, settings: TemplateSettings) -> list[str]:
    """Return a class's prompts from templates; each template takes the class's names in turn."""
    pairs = [(template, name) for template in words.templates for name in words.names()]
    chosen = choose(pairs, settings.per_class, settings.order, settings.seed, words.key)
    return [fill(template, name, article) for template, (name, article) in chosen]


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
        found[i] = _row(words, i, answer, FROM_LLM, None)
    return found


def _row(
    words: ClassWords, index: int, prompt: str, source: str, reason: str | None
) -> dict[str, object]:
    return {
        "id": f"{words.key}/{index:06d}",
        "label": words.label,
        "class_name": words.name,
        "prompt": prompt,
        "source": source,
        "reason": reason,
    }


def _reason(problems: Sequence[str]) -> str:
    """Return why answers would not do, the commonest reason first."""
    counts = sorted(Counter(problems).items(), key=lambda item: (-item[1], item[0]))
    return "answers that would not do: " + "; ".join(f"{n} x {text}" for text, n in counts)
