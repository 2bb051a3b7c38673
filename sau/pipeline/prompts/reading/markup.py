"""Markdown and HTML: what a text says without them."""

import html
import re

_BLOCK_TAG = re.compile(
    r"</?(?:p|br|hr|li|ul|ol|div|tr|table|tbody|thead|h[1-6]|blockquote|pre|section|article"
    r"|prompts?(?:[_ ]?\d+)?|items?|captions?|descriptions?|texts?|list|body|html"
    r"|td|th|answers?|responses?|outputs?|results?"
    r"|assistant|message|final)\b[^<>\n]*>",
    re.IGNORECASE,
)
_INLINE_TAG = re.compile(
    r"</?(?:b|i|u|s|em|strong|span|code|mark|small|sub|sup|a|font|q|cite|del|ins)"
    r"(?:\s[^<>\n]*)?>|<!--.*?-->",
    re.IGNORECASE | re.DOTALL,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n`]*\n(.*?)(?:^[ \t]*\1[^\n]*$|\Z)", re.M | re.S)
_FENCE_LINE = re.compile(r"^[ \t]*(?:```+|~~~+)[^\n]*$", re.M)
_IMAGE = re.compile(r"!\[[^\]\n]{0,300}\]\([^)\n]{0,2000}\)")
_LINK = re.compile(r"\[([^\]\n]{1,300})\]\([^)\s]{0,2000}\)")
_EMPHASIS = re.compile(
    r"(\*\*\*|\*\*|~~|(?<![*\w])\*(?=[^\s*])|(?<![\w_])___?(?=[^\s_])|(?<![\w_])_(?=[^\s_])|``?)"
    r"(?=\S)([^\n]{0,800}?\S)\1(?![\w*])"
)
_RULE = re.compile(r"^[ \t]*(?:[-*_=\u2014][ \t]*){3,}$", re.M)
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$")
_ENOUGH_WORDS = 4


def without_entities(text: str) -> str:
    """Return a text with the characters that HTML's entities stand for."""
    for _ in range(2):  # some servers escape twice
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return text


def without_escaped_tags(text: str) -> str:
    """Return a text in which tags that were escaped, as `&lt;think&gt;`, are tags again."""
    return re.sub(r"&lt;(/?[\w:|-]{1,40})&gt;", r"<\1>", text.replace("&amp;lt;", "&lt;"))


def in_fences(text: str) -> str:
    """Return what stands in blocks of code if there are any, else the text."""
    blocks = [match[2] for match in _FENCE.finditer(text)]
    if any(len(line.split()) >= _ENOUGH_WORDS for block in blocks for line in block.split("\n")):
        return "\n".join(blocks)
    return _FENCE_LINE.sub("", text)


def without_markup(text: str) -> str:
    """Return a text without HTML's tags, and Markdown's tables, links and rules.

    Of each row of a table the longest cell is left, a line of its own.
    """
    text = _INLINE_TAG.sub("", _BLOCK_TAG.sub("\n", text))
    return _RULE.sub("", _without_tables(_LINK.sub(r"\1", _IMAGE.sub("", text))))


def without_emphasis(text: str) -> str:
    """Return a text without the stars and strokes around bold and other words."""
    for _ in range(3):  # one within another
        text = _EMPHASIS.sub(r"\2", text)
    return text


def _without_tables(text: str) -> str:
    """Return a text with each table's rows as lines; a heading row is the one before a rule."""
    lines = text.split("\n")
    kept: list[str] = []
    for line in lines:
        if "|" in line and _TABLE_RULE.match(line):
            kept = kept[:-1] if kept and "\t" in kept[-1] else kept
        elif line.count("|") >= 2 and line.lstrip().startswith("|"):
            kept.append("\t" + max(map(str.strip, line.split("|")), key=len))
        else:
            kept.append(line)
    return "\n".join(kept)
