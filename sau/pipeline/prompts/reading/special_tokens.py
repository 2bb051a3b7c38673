"""Marks of a chat template that a server should have kept to itself."""

import re

_ROLE = r"(?:user|human|system|developer|assistant|model|gpt|ai|bot|tool|ipython)"
_TURN = re.compile(
    rf"<\|(?:im_)?start\|>\s*(?P<chatml>{_ROLE})\b[ \t]*"
    rf"|<\|start_header_id\|>\s*(?P<llama>{_ROLE})\s*<\|end_header_id\|>"
    rf"|<start_of_turn>\s*(?P<gemma>{_ROLE})\b|<start_of_role>\s*(?P<granite>{_ROLE})<end_of_role>"
    rf"|<\|(?P<phi>{_ROLE})\|>|<\uff5c(?P<deepseek>{_ROLE})\uff5c>"
    r"|<\|(?P<cohere>user|chatbot|system)_token\|>"
    r"|^\W*(?P<plain>user|human|system|assistant|ai|bot)[ \t]*:"
    r"|^###\s*(?P<alpaca>instruction|input|response)\s*:"
    r"|^[ \t]*(?P<alone>user|assistant|system|model)[ \t]*$"
    r"|(?P<open_inst>\[INST\])|(?P<close_inst>\[/INST\])"
    r"|(?P<open_system><<SYS>>)|(?P<close_system><</SYS>>)",
    re.IGNORECASE | re.MULTILINE,
)
_ANSWERS = {"assistant", "model", "gpt", "ai", "bot", "response", "chatbot"}
_TOKEN = re.compile(
    r"<\|[^<>|\n]{1,60}\|>|<\uff5c[^<>\uff5c\n]{1,60}\uff5c>|</?s>|<<?/?SYS>>?"
    r"|</?(?:bos|eos|pad|unk|sep|cls|mask|eot|eod|eop|sop|im_start|im_end|endoftext|startoftext"
    r"|(?:start|end|begin)_of_\w+|unused_?\d+|extra_id_\d+|reserved_\w+|fim_\w+)>"
    r"|\[/?(?:INST|SYS|PAD|UNK|CLS|SEP|MASK|BOS|EOS|EOT|EOD|gMASK|sMASK|sop|AVAILABLE_TOOLS"
    r"|TOOL_CALLS|TOOL_RESULTS|BOT|ASSISTANT|OUT|END|PROMPT|ANSWER|RESPONSE|OUTPUT)\]"
    r"|<0x[0-9A-F]{2}>|[\[\]][!~][be]~?\[|\[e~\[",
    re.IGNORECASE,
)
_END_WITHIN = re.compile(
    r"(?:<\|(?:endoftext|end_of_text|eot_id|im_end|end|eom_id|return)\|>|</s>|<eos>|<end_of_turn>"
    r"|<\uff5cend\u2581of\u2581sentence\uff5c>)(?=[ \t]*[^\s<]).*",
    re.IGNORECASE | re.DOTALL,
)
_NEWLINE_BYTE = re.compile("<0x0A>", re.IGNORECASE)
_SPACE_PIECE = re.compile("[\u2581\u0120]")


def without_tokens(text: str) -> str:
    """Return what the assistant says in a text, without the marks of a chat template.

    What follows a mark of the user's or the system's turn is left out: a model that does not stop
    goes on with a question of its own. So is what follows a mark of the end in the same line, a
    text of its own. Other marks alone are left out.
    """
    text = _END_WITHIN.sub("", _assistants_turns(text))
    text = _NEWLINE_BYTE.sub("\n", text)
    if "\u2581" in text or text.count("\u0120") > 2:  # how tokenizers write a space
        text = _SPACE_PIECE.sub(" ", text.replace("\u010a", "\n"))
    return _TOKEN.sub("", text)


def _assistants_turns(text: str) -> str:
    kept: list[str] = []
    speaks, last = True, 0
    for turn in _TURN.finditer(text):
        if speaks:
            kept.append(text[last : turn.start()])
        speaks, last = _is_assistant(turn), turn.end()
    return "\n".join([*kept, text[last:]] if speaks else kept)


def _is_assistant(turn: re.Match[str]) -> bool:
    if turn.lastgroup == "close_inst":
        return True
    role = turn[turn.lastgroup or 0].lower()
    return role in _ANSWERS
