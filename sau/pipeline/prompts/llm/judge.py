"""Which prompts of a class its answers give, and what is to be asked next."""

import math
from collections.abc import Sequence

from sau.pipeline.prompts.classes import ClassWords
from sau.pipeline.prompts.llm.answers import Answer, read_answer
from sau.pipeline.prompts.llm.duplicates import near_duplicates
from sau.pipeline.prompts.llm.judgement import Judgement
from sau.pipeline.prompts.llm.requests import Request, make_request
from sau.pipeline.prompts.llm.store import AnswerStore
from sau.pipeline.prompts.llm.text_checks import problem_of, tidy
from sau.pipeline.prompts.settings import PromptsSettings
from sau.templates.templates import fill


def judge(words: ClassWords, settings: PromptsSettings, store: AnswerStore) -> Judgement:
    """Return what the stored answers of a class give.

    Requests come in rounds: the first asks for every prompt of the class, each later one for what
    the answers so far lack, `settings.ask_again` times at most. The result depends on the answers
    alone, not on the order in which they came.
    """
    asked: list[Request] = []
    for _ in range(settings.ask_again + 1):
        prompts, problems = _sift(words, settings, _answers(asked, settings, store))
        lacking = settings.per_class - len(prompts)
        count = math.ceil(lacking / settings.prompts_per_request)
        numbers = range(len(asked), len(asked) + count)
        requests = [make_request(words, number, settings) for number in numbers]
        missing = [request for request in requests if request.key not in store]
        if missing or not requests:
            return Judgement(prompts, problems, asked, missing)
        asked += requests
    prompts, problems = _sift(words, settings, _answers(asked, settings, store))
    return Judgement(prompts, problems, asked, [])


def _answers(
    asked: Sequence[Request], settings: PromptsSettings, store: AnswerStore
) -> list[Answer]:
    bodies = (store.body(request.key) for request in asked)
    return [read_answer(body, settings.prompts_per_request) for body in bodies]


def _sift(
    words: ClassWords, settings: PromptsSettings, answers: Sequence[Answer]
) -> tuple[list[str], list[str]]:
    """Return the prompts that will do, and the problems of what will not."""
    names = [name for name, _ in words.names()]
    forms = _forms(words, settings)
    good: list[str] = []
    problems: list[str] = []
    for answer in answers:
        if answer.problem:
            problems.append(answer.problem)
        for text in map(tidy, answer.texts):
            problem = problem_of(text, names, settings.max_words, settings.language, forms)
            if problem:
                problems.append(problem)
            else:
                good.append(text)
    repeats = near_duplicates(good, settings.duplicate_similarity)
    problems += ["repeats another prompt"] * sum(repeat is not None for repeat in repeats)
    kept = [text for text, repeat in zip(good, repeats, strict=True) if repeat is None]
    return kept[: settings.per_class], problems


def _forms(words: ClassWords, settings: PromptsSettings) -> list[str]:
    """Return what is no answer: the question, the form of answers, the class's templates."""
    told = [text for text in (settings.answer_form, settings.query) if text]
    forms = [fill(text, words.name, words.article) for text in told]
    forms += [settings.system_command] if settings.system_command else []
    templates = [fill(text, *name) for text in words.templates for name in words.names()]
    return list(dict.fromkeys(forms + templates))
