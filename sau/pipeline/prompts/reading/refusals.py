"""Sentences by which a model says that it will not, or cannot, do what it was asked for."""

import re

from sau.pipeline.prompts.reading.sentences import without_speech

_MODEL = r"(?:AI|A\.I\.|language model|LLM|chatbot|text model|assistant|neural network)"
_REFUSAL = (
    r"\b(?:I|we)(?:['\u2019]?m|\s+am|['\u2019]?re|\s+are)\s+(?:\w+\s+)?(?:sorry|afraid)\b",
    r"^\W*(?:so |very |terribly )?sorry(?=[,.!:;\u2013\u2014]|\s+(?:but|for|about|that|to|I)\b|$)",
    (
        r"\bI\s+(?:\w+ly\s+)?(?:can['\u2019]?t|cannot|can\s+not|won['\u2019]?t|will\s+not|could\s+not"
        r"|couldn['\u2019]?t|do\s+not|don['\u2019]?t|am\s+not"
        r"|did\s+not|didn['\u2019]?t|decline|refuse"
        r"|must\s+(?:decline|refuse)|have\s+to\s+(?:decline|refuse)|apologi[sz]e|lack|regret)\b"
    ),
    (
        r"\bI\s*(?:['\u2019]m|am)\s+(?:\w+\s+)?(?:unable|not|just|only|an?\s+\w*\s*(?:AI|assistant"
        r"|model))\b"
    ),
    rf"\b(?:as|being|I['\u2019]m|I am) (?:an?|just an?) (?:[\w-]+\s+){{0,4}}?{_MODEL}\b",
    r"\bunable to (?:fulfil|assist|help|provide|generate|create|describe|comply|complete|answer)",
    r"^\W*(?:unfortunately|regrettably)\b\W*(?:I|we|this|that|it|there|my|the request|as|due)\b",
    (
        r"\b(?:my|our) (?:sincere |deepest )?(?:apologies|guidelines|polic|programming"
        r"|training data|purpose is|capabilit|safety (?:guidelines|polic|rules))"
    ),
    r"\b(?:content|usage|safety) (?:policy|policies|guidelines|system|filters?)\b",
    r"\b(?:this|your|that|the) (?:\w+ )?request\b|\bagainst the (?:rules|guidelines)\b",
    r"^\W*(?:can['\u2019]?t|cannot|can not|won['\u2019]?t|will not) (?!be\b)\w+|\bby me\W*$",
    (
        r"\b(?:not|isn['\u2019]t)(?: be)? (?:possible|appropriate|comfortable|able|permitted"
        r"|allowed) (?:for me|to (?:provide"
        r"|generate|create|describe|answer|help))"
    ),
    r"\bneed (?:some )?(?:more|additional|further) (?:information|context|details)\b",
    r"\b(?:could|can|would) you (?:please )?(?:clarify|provide|specify|be more)\b",
    r"^\W*(?:no|error|none|n/?a|null)\W*$|^\W*error\s*:|\bthere was an error\b",
    r"^\W*apologies\b|\bI was (?:not able|unable)\b|\bno information\b|^\W*(?:not|un)\s?able to\b",
    r"\byou (?:didn['\u2019]?t|did not|haven['\u2019]?t|have not)\b",
)
_IS_REFUSAL = re.compile("|".join(f"(?:{pattern})" for pattern in _REFUSAL), re.IGNORECASE)


def is_refusal(sentence: str) -> bool:
    """Return whether a sentence says that the model will not, or cannot, describe the class."""
    return _IS_REFUSAL.search(without_speech(sentence)) is not None
