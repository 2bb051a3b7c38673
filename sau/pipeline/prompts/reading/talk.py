"""Sentences that speak to the one who asked, and describe no picture."""

import re

from sau.pipeline.prompts.reading.sentences import sentences, without_speech

_PROMPTS = r"(?<!command )(?<!shell )(?<!terminal )(?<!dos )prompts?\b(?! (?:delivery|service))"
_DETERMINER = (
    r"\b(?:this|these|those|that|the|each|all|both|every|any|following|above|below|my|your|our|more"
    r"|other|another|different|additional|few|some|several|\d+|two|three|four|five|six|seven|eight"
    r"|nine|ten|an?|one|first|next|last|final|new)\s+(?:[\w'\u2019-]+\s+){0,4}?"
)
_THINGS = (
    r"(?:prompts?|descriptions?|captions?|sentences?|examples?|list|variations?|options?|ideas?"
    r"|versions?|suggestions?|possibilities|answers?|responses?|texts?|requested|asked)\b"
)
_TALK = (
    r"\blet me\b|\?\W*$|^\W*\d+ (?:words|characters|tokens)\W*$|^\W*generated (?:by|with)\b",
    (
        r"^\W*(?:that['\u2019]s|what) an? (?:great|good|lovely|nice|wonderful|excellent) "
        r"(?:choice|class|question|idea|topic|subject)\b|^\W*it depends\b"
    ),
    (
        r"\bfeel free\b|\bdon['\u2019]?t hesitate\b|\bhappy (?:prompting|generating|creating)\b"
        r"|\b(?:hope|trust|hoping) (?:this|these|those|that|it|you|they)\b"
        r"|\bgood luck(?: with|\W*$)"
        r"|^\W*thank(?:s| you)\b|\bthank you for (?:asking|your|the)\b"
        r"|\byou['\u2019]?re welcome\b|\bglad (?:to|I)\b|^\W*enjoy\b\W*$"
        r"|\blook(?:ing)? forward to\b|^\W*p\.?\s?s\.|^\W*thinking (?:about|of|through)\b"
        r"|^\W*(?:\w+ ){0,2}(?:are|is) (?:so |truly |such |really )?(?:fascinating|amazing"
        r"|wonderful|beautiful|majestic|great|incredible)(?: \w+)?\W*$"
        r"|^\W*(?:enjoy (?:your|these|the|\w+ing)|best of luck|remember (?:that|to)"
        r"|have (?:fun|an? (?:great|good|nice|wonderful))|happy to (?:help|assist|make|add|adjust)"
        r"|end of (?:the )?(?:list|\w*\s*prompts)|any of these|by varying"
        r"|step \d|here you have"
        r"|key (?:features|elements)|total(?=:)|alternatively|tell me"
        r"|that['\u2019]s (?:it|all|\w+ prompts))\b"
    ),
    (
        r"\b(?:would|do|could|can|will|did|should|shall) (?:you|I) "
        r"(?:like|want|need|prefer|please|also"
        r"|provide|clarify|tell|specify|have|care|wish|know|think|generate|create|make|add"
        r"|write)\b"
    ),
    r"\bif you(?:['\u2019](?:d|re|ve)| would| want| like| need| prefer| have| wish| require)\b",
    r"\byou (?:asked|requested|want(?:ed)?|need(?:ed)?|provided|specified|mentioned|are asking)\b",
    (
        r"\byou (?:could|may|might|should|will) (?!see\b|hear\b|feel\b|almost\b)"
        r"|\bin (?:this|my|the) (?:response|answer|reply|message|prompt|description|caption)\b"
        r"|\byou can (?:also |then |always |now )?"
        r"(?:adjust|modif|use|change"
        r"|tweak|replace|custom|ask|add|try|specif|combine|copy|edit|adapt|choose|pick|select|request)"
    ),
    (
        r"\bas (?:you )?requested\b|\bper your\b"
        r"|\byour (?:request|prompts?|needs|requirements?|project"
        r"|preferences?|question|query|feedback|instructions?|convenience|specific|image generat"
        r"|(?:[\w-]+ ){0,2}assistant\b|(?:[\w-]+ )?(?:pictures|images|photos|dataset)\W*$)"
    ),
    (
        r"\b(?:is there )?anything else\b|\bany (?:other |further |more )?(?:questions|changes"
        r"|adjustments|modifications)\b"
    ),
    (
        r"(?-i:\bI)(?:['\u2019](?:m|ll|ve|d)\b|\s+(?:am|can|could|will|would|should|shall|must|need"
        r"|have|had|hope|think|want|wrote|made|created|included|understand|see|may|might|do|did|didn"
        r"|believe|suggest|recommend|tried|kept|aimed|used|know|cannot|won"
        r"|was asked|trust|assume)\b)"
    ),
    r"\bwe (?:need|should|have) to\b|\bwe (?:are asked|must|should)\b|\bthe user\b",
    _DETERMINER + _PROMPTS,
    rf"^\W*prompts?\b(?:\s+[\w-]+){{0,6}}\W*$|^\W*{_PROMPTS} for\b",
    (
        r"^\W*(?:this|these|the above|each|all(?: of)?(?: the| these)?|those)\s+(?:[\w-]+\s+){0,2}?"
        r"(?:descriptions?|captions?|sentences?|answers?|responses?|examples?|variations?)\b"
    ),
    (
        rf"^\W*(?:here(?:['\u2019]s| is| are)|below (?:is|are)|the following|following (?:is|are)"
        rf"|see below)\b.*\b{_THINGS}|^\W*(?:these are|this is)\b.*\b(?:prompts?|descriptions?"
        r"|captions?|variations|suggestions|you (?:asked|requested))\b"
    ),
    r"^\W*here (?:you go|goes|we go|it is|they are)\b",
    (
        r"^\W*(?:notes?|explanation|rationale|reasoning|tips?|disclaimer|negative prompts?|style"
        r"|parameters?|settings|aspect ratio|word count|remarks?|comments?|translation|summary"
        r"|background|keywords?|tags?|features?|actions?|appearance|lighting|mood|setting)\s*:"
    ),
    r"\b(?:midjourney|dall[-\u00b7\u2022 ]?e\b|stable diffusion)",
    r"\b\d+ words?\b.{0,80}\b(?:limit|maximum|max|fewer|under)\b|\bword (?:count|limit)\b",
    r"\bmeets? (?:your|the|all)\b|\b(?:desired|required|requested) (?:form|format|number)\b",
    (
        r"^\W*please (?:let|note|provide|specify|tell|feel|ask|remember|keep|confirm|share)\b"
        r"|^\W*just (?:let|say|ask|tell)\b"
    ),
)
_IS_TALK = re.compile("|".join(f"(?:{pattern})" for pattern in _TALK), re.IGNORECASE)

_HEAD = re.compile(r"([^:.]{1,100}?)(?::\s+|\s+[\u2013\u2014-]\s+)(?=\S)")
_OWN_HEAD = re.compile(r"here\b.*|(?:output|final|class) \w+|english|q|a", re.IGNORECASE)
_INTERJECTION = re.compile(
    r"(?:sure(?: thing)?|certainly|of course|absolutely|ok(?:ay)?|alright|all right|great|perfect"
    r"|no problem|got it|understood|gladly|yes|hello|hi|hey|definitely|with pleasure|noted|right"
    r"|wonderful|excellent|fantastic|awesome|good question|great question|happy to help|my pleasure"
    r"|here you go|here it is|done|enjoy|cheers|voil\u00e0|ta-?da)"
    r"(?: (?:there|then|thing))?\s*(?:[!.:;]+|,|\s[\u2013\u2014-])(?:\s+|$)",
    re.IGNORECASE,
)


def is_talk(sentence: str) -> bool:
    """Return whether a sentence speaks of prompts or to the one who asked for them."""
    return _IS_TALK.search(without_speech(sentence)) is not None or _is_interjection(sentence)


def without_talk(line: str) -> str:
    """Return a line without the talk before and after its prompt; empty if it is all talk."""
    line = _without_opening(line)
    parts = sentences(line)
    first, last = 0, len(parts)
    while first < last and is_talk(parts[first]):
        first += 1
    while last > first and is_talk(parts[last - 1]):
        last -= 1
    return line if (first, last) == (0, len(parts)) else " ".join(parts[first:last])


def _without_opening(line: str) -> str:
    """Return a line without words such as `Sure!` and `Here is a prompt:` before its prompt."""
    while (match := _INTERJECTION.match(line)) is not None:
        line = line[match.end() :].strip()
    found = _HEAD.match(line)
    if found and (_IS_TALK.search(found[1]) or _OWN_HEAD.fullmatch(found[1])):
        return line[found.end() :].strip()
    return line


def _is_interjection(sentence: str) -> bool:
    match = _INTERJECTION.match(sentence + " ")
    return match is not None and match.end() >= len(sentence)
