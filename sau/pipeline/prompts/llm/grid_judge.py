"""Which phrases of a class its answers give, and what is to be asked next."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sau.core.bounded_json import read_json
from sau.pipeline.prompts.classes import ClassWords
from sau.pipeline.prompts.llm.answers import read_whole_answer
from sau.pipeline.prompts.llm.duplicates import normalise
from sau.pipeline.prompts.llm.grid_request import MOST_WORDS, make_grid_request
from sau.pipeline.prompts.llm.judgement import Judgement
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.store import AnswerStore
from sau.pipeline.prompts.llm.text_checks import problem_of_phrase, tidy
from sau.pipeline.prompts.settings import PromptsSettings

NO_OBJECT = "no JSON object with lists of phrases"
_ENDS = " .,;:"
"""Of a phrase, that stand in the middle of a prompt."""


def judge_grid(words: ClassWords, settings: PromptsSettings, store: AnswerStore) -> Judgement:
    """Return what the stored answers of a class give: phrases, which no two answers share.

    One request asks for all phrases of the class. If its answer lacks some, all are asked for
    again, `settings.ask_again` times at most, and answers add to each other.
    """
    asked: list[Request] = []
    while True:
        phrases, problems = _sift(words, settings, [store.body(each.key) for each in asked])
        lacks = any(len(phrases[name]) < count for name, count in words.asked.items())
        if not lacks or len(asked) > settings.ask_again:
            return Judgement([], problems, asked, [], phrases)
        request = make_grid_request(words, len(asked), settings)
        if request.key not in store:
            return Judgement([], problems, asked, [request], phrases)
        asked.append(request)


def _sift(
    words: ClassWords, settings: PromptsSettings, bodies: Iterable[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return by attribute the phrases that will do, and the problems of what will not."""
    found: dict[str, list[str]] = {name: [] for name in words.asked}
    problems: list[str] = []
    for body in bodies:
        answer = read_whole_answer(body)
        if answer.problem:
            problems.append(answer.problem)
            continue
        lists = _lists_in(answer.texts[0], words.asked)
        if not lists:
            problems.append(NO_OBJECT)
        for name, texts in lists.items():
            problems += _add(found[name], texts, name, settings)
    return {name: found[name][:count] for name, count in words.asked.items()}, problems


def _add(
    found: list[str], texts: Sequence[str], attribute: str, settings: PromptsSettings
) -> list[str]:
    """Add to an attribute's phrases those that will do; return the problems of the others."""
    problems = []
    known = {normalise(phrase) for phrase in (*found, attribute)}
    for text in texts:
        phrase = tidy(text).strip(_ENDS)
        problem = problem_of_phrase(phrase, MOST_WORDS, settings.language)
        if problem is None and normalise(phrase) in known:
            problem = "repeats another phrase"
        if problem:
            problems.append(problem)
        else:
            found.append(phrase)
            known.add(normalise(phrase))
    return problems


def _lists_in(text: str, wanted: Iterable[str]) -> dict[str, list[str]]:
    """Return the lists of texts in the object that a text holds, by the attributes' names."""
    try:
        found: Any = read_json(text[text.find("{") : text.rfind("}") + 1])
    except ValueError:
        return {}
    if not isinstance(found, Mapping):
        return {}
    named = {normalise(str(key)): value for key, value in found.items()}
    lists = {name: named.get(normalise(name)) for name in wanted}
    return {
        name: [one for one in texts if isinstance(one, str)]
        for name, texts in lists.items()
        if isinstance(texts, list)
    }
