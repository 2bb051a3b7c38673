"""What a reasoning model wrote for itself before its answer."""

import re

_NAME = (
    r"(?:[\w:]*?(?:think|thought|reason|reflect|scratch|monologue|deliberat|analysis)[\w:]*"
    r"|cot|plan(?:ning)?|inner\w*|internal\w*)"
)
_MARK = re.compile(
    rf"<\s*[|\uff5c]?\s*(?P<end>/\s*|end_(?:of_)?)?{_NAME}(?:\s[^<>\n]{{0,200}})?[|\uff5c]?\s*>"
    r"|[\[{](?P<end_square>/)?(?:think(?:ing)?|reasoning|thoughts?)[\]}]|\u25c1(?P<end_arrow>/)?think\u25b7"
    r"|(?P<end_heading>^\W*\.\.\.\s*done thinking\.?\W*$)|^\W*thinking\.\.\.\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_EMPTY_MARK = re.compile(r"<\s*\w*think\w*\s*/\s*>", re.IGNORECASE)
_FENCED = re.compile(
    r"^(```+|~~~+)[ \t]*(?:think|thought|reason)\w*[ \t]*\n.*?(?:^\1[ \t]*$|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_FOLDED = re.compile(r"<details\b.*?(?:</details\s*>|\Z)", re.IGNORECASE | re.DOTALL)

_CHANNEL = re.compile(
    r"<\|channel\|>\s*(\w+)[^<\n]*(?:<\|constrain\|>[^<\n]*)?<\|message\|>", re.IGNORECASE
)
_AFTER_END = re.compile(r".*?(?:<\|end\|>(?:<\|start\|>\w*)?|\Z)", re.DOTALL)
_UNUSED = re.compile(r"<unused\d+>\s*thought.*?(?:<unused\d+>|\Z)", re.IGNORECASE | re.DOTALL)
_NAMED_CHANNEL = re.compile(r"<\|channel>\s*\w+.*?(?:<channel\|>|\Z)", re.IGNORECASE | re.DOTALL)
_BARE_CHANNEL = re.compile(r"\A\s*(?:analysis|commentary)(?=[A-Z\s])")
_BARE_FINAL = re.compile(r"assistant\s*(?:channel\s*)?final(?:\s*message)?")

_ANSWER = re.compile(
    r"<(?P<tag>(?:final_?)?(?:answer|response|output|solution|result)|final)\s*>"
    r"(?P<inside>.*?)(?:</(?P=tag)\s*>|\Z)"
    r"|<\|(?:begin_of_solution|start_response)\|>(?P<other>.*?)"
    r"(?:<\|(?:end_of_solution|end_response)\|>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_THINKING_HEADING = re.compile(
    r"\A\W*(?:here is )?(?:my |the )?(?:thinking|thoughts?|reasoning|analysis|chain of thought)"
    r"(?: process| steps?)?\W*(?::|\n)",
    re.IGNORECASE,
)
_ANSWER_HEADING = re.compile(
    r"^\W*(?:here (?:is|are) )?(?:my |the )?(?:final )?"
    r"(?:answer|prompts?|response|output|result)s?\W*?[:\n]",
    re.IGNORECASE | re.MULTILINE,
)


def without_thinking(text: str) -> str:
    """Return what a text says outside its thinking.

    Thinking stands between tags such as `<think>` and `</think>`, on a channel other than `final`,
    or below a heading. All that stands before an end without a beginning is thinking too: some
    servers put the beginning into the question. Thinking that does not end leaves nothing.
    """
    text = _FENCED.sub("\n", _EMPTY_MARK.sub("", text))
    text = _outside_marks(_final_channel(text))
    return _inside_answer(_below_heading(_FOLDED.sub("\n", text)))


def _outside_marks(text: str) -> str:
    """Return what stands outside the tags; one beginning within another counts for nothing."""
    kept: list[str] = []
    thinking, last = False, 0
    for mark in _MARK.finditer(text):
        if not thinking:
            kept.append(text[last : mark.start()])
        ends = mark.lastgroup is not None and mark.lastgroup.startswith("end")
        if ends and not thinking:
            kept.clear()
        thinking, last = not ends, mark.end()
    return "".join(kept) if thinking else "".join([*kept, text[last:]])


def _final_channel(text: str) -> str:
    """Return what is on the channel `final` (OpenAI's Harmony), its marks there or lost."""
    parts = _CHANNEL.split(text)
    if len(parts) > 1:
        channels = zip(parts[1::2], parts[2::2], strict=True)
        return "\n".join(
            said if channel.lower() == "final" else _AFTER_END.sub("", said, count=1)
            for channel, said in channels
        )
    text = _UNUSED.sub("", _NAMED_CHANNEL.sub("", text))
    if not _BARE_CHANNEL.match(text):
        return text
    finals = list(_BARE_FINAL.finditer(text))
    if finals:
        return text[finals[-1].end() :]
    return "" if text.lstrip().startswith(("analysis", "commentary")) and _glued(text) else text


def _glued(text: str) -> bool:
    """Return whether a channel's name runs into what was said on it, as when marks are lost."""
    return re.match(r"\s*(?:analysis|commentary)[A-Z]", text) is not None


def _below_heading(text: str) -> str:
    if not _THINKING_HEADING.match(text):
        return text
    headings = list(_ANSWER_HEADING.finditer(text))
    return text[headings[-1].end() :] if headings else text


def _inside_answer(text: str) -> str:
    found = [match["inside"] or match["other"] or "" for match in _ANSWER.finditer(text)]
    return "\n".join(found) if found else text
