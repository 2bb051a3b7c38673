"""What stands around one prompt: the mark of a list, a label, quotation marks."""

import re

from sau.pipeline.prompts.reading.markup import without_emphasis

_NUMBER = r"\d{1,3}"
_LIST_MARK = re.compile(
    rf"\(?{_NUMBER}[.)\]\u3001\uff0e](?:\)|(?=[\s\"'\u201c\u2018\u00ab*_]|[A-Z\u00c0-\u00de]))\s*"
    rf"|\[{_NUMBER}\]\s*|#\s?{_NUMBER}\s*[:.)\u2013\u2014-]?\s+|(?:no\.?|nr\.?)\s?{_NUMBER}\s*[:.)]\s*"
    rf"|{_NUMBER}\s*[:\u2013\u2014|]\s+|{_NUMBER}\s+-\s+|{_NUMBER}\t"
    rf"|{_NUMBER}[ -](?=(?:An?|The)\s)|{_NUMBER}/{_NUMBER}[:.)]\s+|{_NUMBER},\s*(?=\")"
    rf"|Q{_NUMBER}[:.)]\s+|<{_NUMBER}>\s*|\[[ xX]?\]\s*|[=-]>\s*|~\s+|o\s+(?=[A-Z])|\\item\s+"
    r"|[a-h]\.\s+(?=[A-Z])|[IVX]{1,4}[.):]\s+(?=[A-Z\"])"
    r"|(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|First|Second|Third|Fourth|Fifth)[:.)]\s+"
    r"|\(?[a-hA-H]\)\s+|\(?[ivx]{1,4}[.)]\s+|[\u2460-\u249b]\s*"
    r"|[-*+\u2022\u25cf\u25e6\u25aa\u25ab\u25a0\u25a1\u25b6\u25ba\u25b8\u2023\u2043\u00b7\u2013\u2014\u2192\u2192\u203a\u25cb]+\s+"
    r"|[\u2022\u25cf\u25e6\u25aa\u2023\u2013\u2014\u2192](?=\w)|-(?=[A-Z])",
)
_LABEL = re.compile(
    r"(?:(?:image|photo|picture|text|example|new|final|revised|positive|main)\s+)?"
    r"(?:prompt|description|caption|image|photo|picture|sentence|example|option|variation|version"
    r"|variant|scene|answer|output|response|result|assistant|line|item)s?"
    r"(?:\s*(?:no\.?|number|nr\.?|\#)?\s*(?:\d{1,3}|[A-H]|one|two|three|four|five|six|seven|eight"
    r"|nine|ten))?\s*(?:\([^()\n]{0,60}\)\s*)?(?::|\s[\u2013\u2014-]\s|\u2013|\u2014|=>?|->|\u2192)\s*"
    r"|(?:prompt|image|photo|option|variation|variant|version|caption|description|picture|example"
    r"|sentence|scene)\s*\#?\d{1,3}\s*[.):\s]\s*(?=[A-Z\"\u201c])",
    re.IGNORECASE,
)
_LABEL_ALONE = re.compile(
    r"\W*(?:(?:the|final|image|text|ai)\s+)*(?:prompt|description|caption|image|photo|sentence"
    r"|example|option|variation|version|scene|answer|output|response|result|assistant)?s?"
    r"\s*\#?(?:\d{1,3}|[A-H]|one|two|three|four|five)?\W*",
    re.IGNORECASE,
)
_BOLD_LABEL = re.compile(r"(?:\*\*|__)[^*_\n]{1,60}?(?::\s*(?:\*\*|__)|(?:\*\*|__)\s*:)\s*(?=\S)")
_HEADING = re.compile(r"\#{1,6}\s+|>+\s*")
_QUOTES = {
    '"': '"\u201d\u201c',
    "(": ")",
    "{": "}",
    "<": ">",
    "[": "]",
    "'": "'",
    "`": "`'",
    "\u201c": "\u201d\u201c\u201f",
    "\u201d": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u2018": "\u2019",
    "\u2019": "\u2019",
    "\u201a": "\u2018\u2019",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab\u00bb",
    "\u2039": "\u203a",
    "\u203a": "\u2039",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "\u301d": "\u301e\u301f",
    "\uff02": "\uff02",
    "\u2033": "\u2033",
}
"""Marks that begin a quotation, and those that may end it."""
_AFTER_QUOTE = ".,;"
_DOUBLED = re.compile(r"^(\"\"|''|\u2018\u2018|``)(.*)(?:\"\"|''|\u2019\u2019)$")
_COMMA_AFTER = re.compile(r"(?<=[.!?]),$")
_KEY = re.compile(r"[\"']?\w{1,20}[\"']?\s*:\s*(?=[\"'].*[\"'],?$)")
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019](?=\w)|(?<=s)['\u2019](?=\s)")
_COUNT = re.compile(
    r"\s*[(\[]\s*(?:word count\s*[:=]\s*)?~?\d+\s+(?:words?|tokens?|char(?:acter)?s?)\s*[)\]]\.?$",
    re.IGNORECASE,
)
_PARAMETERS = re.compile(r"\s+(?:--|\u2014)(?:[a-z]{1,10})(?:\s+[\w.:/-]+)?(?=\s|$)")


def without_marks(text: str) -> tuple[str, bool]:
    """Return a line without what marks it as a prompt, and whether anything did.

    That is a number, a bullet, a label such as `Prompt 1:` or quotation marks around all of it, in
    any order and number.
    """
    text, marked = text.strip(), False
    while True:
        found = _once(text)
        if found == text:
            return text, marked
        marked = marked or _HEADING.match(text) is None
        text = found


def is_label(text: str) -> bool:
    """Return whether a line is a label or a number alone, such as `Prompt 1` above its prompt."""
    return _LABEL_ALONE.fullmatch(text) is not None


def without_appendix(text: str) -> str:
    """Return a line without a count of words or an image generator's parameters at its end."""
    text = _COUNT.sub("", text)
    return _PARAMETERS.sub("", text).strip() if "--" in text or "\u2014" in text else text


def unquoted(text: str) -> str:
    """Return a text without quotation marks that stand around all of it, or at one end alone."""
    text = _DOUBLED.sub(r"\2", text.strip().replace('\\"', '"'))
    text = _COMMA_AFTER.sub("", text)
    if len(text) < 2:
        return text
    ends = _QUOTES.get(text[0])
    inside = text[1:]
    if ends and inside[-1:] == "," and inside[-2:-1] in ends:
        inside = inside[:-1]  # an element of a list
    stop = ""
    if ends and inside[-1:] in _AFTER_QUOTE and inside[-2:-1] and inside[-2] in ends:
        inside, stop = inside[:-1], inside[-1]
    if ends and inside[-1:] and inside[-1] in ends:
        inside = inside[:-1]
        if not _has_quote(inside, text[0] + ends):
            inside = inside.strip().removesuffix(",")
            return inside.strip() + ("" if inside.rstrip().endswith((".", "!", "?")) else stop)
        return text
    return _without_lonely(text)


def _once(text: str) -> str:
    for pattern in (_HEADING, _LIST_MARK, _BOLD_LABEL, _KEY, _LABEL):
        match = pattern.match(text)
        if match and match.end() < len(text):
            return text[match.end() :].strip()
    return unquoted(without_emphasis(text))


def _has_quote(text: str, marks: str) -> bool:
    return any(mark in _APOSTROPHE.sub("", text) for mark in marks)


def _without_lonely(text: str) -> str:
    """Return a text without a quotation mark that begins or ends it and is the only one in it."""
    plain = _APOSTROPHE.sub("", text)
    for mark in ('"', "\u201c", "\u201d", "\u201e", "\u00ab", "\u00bb"):
        if plain.count(mark) == 1 and not _has_quote(plain.replace(mark, ""), '"\u201c\u201d'):
            text = text.removeprefix(mark).removesuffix(mark).strip()
    return text
