"""Ways in which models put prompts, and what else they say; each takes prompts, gives an answer."""

import json

THOUGHT = (
    "Okay, the user wants a description of the cat.\nThe cat is an animal with a coat, and I "
    "should mention the background.\nLet me write the prompts for the cat now, one in each line."
)
PROMPTS = [
    "A photo of the class cat, with a glossy coat resting near the old wooden gate.",
    "A photo of the class cat, with bright eyes standing on the wet grass.",
    "A photo of the class cat, with spotted skin beside the river in the evening.",
    "A photo of the class cat, with long legs running through the snow.",
    "A photo of the class cat, with tiny ears against the red brick wall.",
]


def joined(prompts, between="\n"):
    return between.join(prompts)


def numbered(form):
    """Return a kind that puts each prompt in a form with its number `i` and text `t`."""
    return lambda prompts: joined(form.format(i=i, t=t) for i, t in enumerate(prompts, start=1))


def around(before="", after=""):
    """Return a kind with texts before and after the prompts, a line each."""
    return lambda prompts: f"{before}{joined(prompts)}{after}"


THINKING = {
    "think": around(f"<think>\n{THOUGHT}\n</think>\n\n"),
    "end alone": around(f"{THOUGHT}\n</think>\n\n"),
    "nested": around(f"<think>{THOUGHT}<think>{THOUGHT}</think>{THOUGHT}</think>"),
    "twice": lambda p: joined([around(f"<think>{THOUGHT}</think>\n")([one]) for one in p]),
    "thinking": around(f"<thinking>{THOUGHT}</thinking>"),
    "reasoning": around(f"<reasoning>{THOUGHT}</reasoning>\n"),
    "with a time": around(f'<think time="3.2">{THOUGHT}</think>\n'),
    "capitals": around(f"< THINK >{THOUGHT}</ Think >\n"),
    "escaped": around(f"&lt;think&gt;{THOUGHT}&lt;/think&gt;"),
    "empty": around("<think>\n\n</think>\n\n"),
    "of Magistral": around(f"[THINK]{THOUGHT}[/THINK]"),
    "of Kimi": around(f"\u25c1think\u25b7{THOUGHT}\u25c1/think\u25b7"),
    "of Seed": around(f"<seed:think>{THOUGHT}</seed:think>"),
    "of OpenThinker": around(
        f"<|begin_of_thought|>{THOUGHT}<|end_of_thought|><|begin_of_solution|>",
        "<|end_of_solution|>",
    ),
    "of Cohere": around(
        f"<|START_THINKING|>{THOUGHT}<|END_THINKING|><|START_RESPONSE|>", "<|END_RESPONSE|>"
    ),
    "channels": around(
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final"
        "<|message|>",
        "<|return|>",
    ),
    "channels without marks": around(f"analysisWe need prompts. {THOUGHT}assistantfinal"),
    "channel of Gemma": around(f"<|channel>thought\n{THOUGHT}<channel|>"),
    "plan": around(f"<plan>{THOUGHT}</plan>"),
    "square brackets": around(f"[REASONING]{THOUGHT}[/REASONING]"),
    "unused tokens": around(f"<unused94>thought\n{THOUGHT}<unused95>"),
    "channel with a format": around(
        f"<|channel|>commentary<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final"
        "<|constrain|>text<|message|>"
    ),
    "channel without a final one": around(
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant\n"
    ),
    "fenced": around(f"```thinking\n{THOUGHT}\n```\n\n"),
    "folded": around(f"<details><summary>Thoughts</summary>\n{THOUGHT}\n</details>\n\n"),
    "answer in tags": around(f"{THOUGHT}\n<answer>\n", "\n</answer>"),
    "of a terminal": around(f"Thinking...\n{THOUGHT}\n...done thinking.\n\n"),
    "headings": around(f"**Reasoning:**\n{THOUGHT}\n\n**Final answer:**\n"),
    "of Granite": around(f"Here is my thought process: {THOUGHT}\n\nHere is my response: \n"),
}

TALK = {
    "sure": around("Sure! Here are the prompts of the cat that you asked for:\n"),
    "certainly": around("Certainly! Below are five prompts describing a cat:\n\n"),
    "here you go": around("Of course, here you go!\n"),
    "a list": around("Here's a list of 5 different prompts for a cat:\n"),
    "let me know": around("", "\nLet me know if you want prompts of the cat with other details!"),
    "hope": around("", "\n\nI hope this helps with the cat!"),
    "feel free": around("", "\nFeel free to adjust the cat prompts as needed."),
    "these prompts": around("", "\n\nThese prompts describe the cat in different settings."),
    "would you": around("", "\nWould you like me to create more cats?"),
    "if you": around("", "\nIf you need any more variations of the cat, just ask."),
    "note": around("", "\n\nNote: each prompt is about a cat and under 50 words."),
    "enjoy": around("", "\nEnjoy!"),
    "question": around("", "\n\nWant more cats?"),
    "have a day": around("", "\n\nHave a great day with your cat!"),
    "best of luck": around("", "\n\nBest of luck with the cat images!"),
    "here you have": around("Here you have five options about cats.\n\n"),
    "behind a list": lambda p: (
        numbered("{i}. {t}")(p) + "\n\nThis set captures the cat in many ways."
    ),
}

MARKS = {
    "numbers": numbered("{i}. {t}"),
    "brackets": numbered("({i}) {t}"),
    "bold numbers": numbered("**{i}.** {t}"),
    "bold": numbered("{i}. **{t}**"),
    "italic": numbered("* *{t}*"),
    "bullets": numbered("\u2022 {t}"),
    "dashes": numbered("- {t}"),
    "colons": numbered("{i}: {t}"),
    "hashes": numbered("#{i} {t}"),
    "circles": lambda p: joined(f"{chr(0x2460 + i)} {t}" for i, t in enumerate(p)),
    "keycaps": numbered("{i}\ufe0f\u20e3 {t}"),
    "labels": numbered("Prompt {i}: {t}"),
    "bold labels": numbered("**Prompt {i}:** {t}"),
    "labels above": numbered("**Prompt {i}**\n\n{t}\n"),
    "headings above": numbered("### Prompt {i}\n{t}\n"),
    "headings": numbered("### {t}"),
    "scenes": numbered("{i}. **Forest scene:** {t}"),
    "titles": numbered("{i}. **Cat in a forest**\n   {t}"),
    "quoted titles": numbered("**{i}. The cat at dawn**\n\n> {t}\n"),
    "images": numbered("Image #{i} - {t}"),
    "letters": lambda p: joined(f"{letter}. {t}" for letter, t in zip("abcdefgh", p, strict=False)),
    "roman": lambda p: joined(
        f"{i}. {t}" for i, t in zip(["I", "II", "III", "IV", "V", "VI"], p, strict=False)
    ),
    "bare numbers": numbered("{i} {t}"),
    "of all": numbered("{i}/5: {t}"),
    "boxes": numbered("- [ ] {t}"),
    "questions": numbered("Q{i}: {t}"),
    "angle brackets": numbered("<{i}> {t}"),
    "rows": numbered('{i},"{t}"'),
    "keys": numbered('"prompt": "{t}",'),
    "doubled quotation marks": numbered('""{t}""'),
    "escaped quotation marks": numbered('\\"{t}\\"'),
    "one line": lambda p: " ".join(f"{i}. {t}" for i, t in enumerate(p, start=1)),
    "run together": lambda p: joined(p, " "),
    "pipes": lambda p: joined(p, " | "),
    "written newlines": lambda p: joined(p, "\\n"),
    "rules": lambda p: joined(p, "\n\n---\n\n"),
    "windows": lambda p: joined(p, "\r\n") + "\r\n",
    "separators": lambda p: joined(p, "\u2028"),
    "wrapped": lambda p: joined(p).replace(" the ", "\nthe "),
    "counts": numbered("{i}. {t} (15 words)"),
    "translated": numbered("{t} (\u732b\u7684\u7167\u7247)"),
    "translated into Dutch": numbered("{t} (een foto van een kat bij de rivier)"),
    "emojis": numbered("\U0001f431 {t} \u2728"),
}

QUOTES = {
    marks: numbered(f"{{i}}. {marks[0]}{{t}}{marks[-1]}")
    for marks in (
        *('""', "''", "``", "\u201c\u201d", "\u2018\u2019", "\u201e\u201c", "\u00ab\u00bb"),
        *("\u00bb\u00ab", "\u300c\u300d", "\u201a\u2018", "()"),
    )
}

MARKUP = {
    "fence": around("```\n", "\n```"),
    "fence within talk": around("Here you go:\n```text\n", "\n```\nLet me know about the cat!"),
    "object": lambda p: json.dumps({"prompts": p}),
    "array": lambda p: json.dumps(p, indent=2),
    "objects": lambda p: json.dumps([{"class": "cat", "prompt": t} for t in p]),
    "numbered keys": lambda p: json.dumps({f"prompt_{i}": t for i, t in enumerate(p)}),
    "lines": lambda p: joined(json.dumps({"prompt": t}) for t in p),
    "fenced JSON": lambda p: f"Here is the JSON:\n```json\n{json.dumps(p)}\n```\nHope it helps",
    "JSON within talk": lambda p: f"Sure! The prompts:\n{json.dumps(p)}\nLet me know!",
    "twice JSON": lambda p: json.dumps(json.dumps(p)),
    "returned": lambda p: f"return {json.dumps(p)}",
    "not quite JSON": lambda p: json.dumps(p)[:-1] + ",]",
    "cells": lambda p: "<table><tr><td>1</td><td>" + "</td></tr><tr><td>".join(p) + "</td></table>",
    "list of Python": lambda p: f"prompts = {p!r}",
    "table": lambda p: "| # | Prompt |\n|---|---|\n" + numbered("| {i} | {t} |")(p),
    "items": lambda p: "<ol>" + "".join(f"<li>{t}</li>" for t in p) + "</ol>",
    "elements": lambda p: joined(["<prompts>", *(f"<prompt>{t}</prompt>" for t in p)]),
    "breaks": lambda p: joined(p, "<br>"),
    "entities": lambda p: joined(p).replace(" photo", "&nbsp;photo").replace(",", "&#44;"),
}

TOKENS = {
    "end of each": numbered("{t}<|eot_id|>"),
    "end": around("", "</s>"),
    "instruction": around("[INST] Give 5 prompts for the cat [/INST] "),
    "question of its own": around(
        "", "<|im_end|>\n<|im_start|>user\nGive me more of the cat, please.<|im_end|>"
    ),
    "of DeepSeek": around("", "<\uff5cend\u2581of\u2581sentence\uff5c>"),
    "header": around("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
    "human": around("", "\n\nHuman: What does a cat eat in the morning?"),
    "another text": around("", "<|endoftext|>The cat is a nice animal, liked by the people."),
    "stray tag": around("<assistant>", "</assistant>"),
    "byte": lambda p: joined(p, "<0x0A>"),
    "bare role": around("", "\nuser\nGive me more of the cat."),
    "pieces": lambda p: joined(p).replace(" ", "\u2581"),
}

CHARACTERS = {
    "NUL": lambda p: joined(p).replace("photo", "pho\0to"),
    "direction": lambda p: joined(p).replace("cat", "\u202ecat\u202c"),
    "no width": lambda p: joined(p).replace("cat", "c\u200bat"),
    "byte order": around("\ufeff"),
    "half an emoji": around("", " \ud83d"),
    "escape sequences": numbered("\x1b[1m{t}\x1b[0m"),
    "letters of mathematics": lambda p: joined(p).replace("cat", "\U0001d41c\U0001d41a\U0001d42d"),
    "lost": around("", "\n\ufffd"),
}

KINDS = {
    f"{group}: {name}": kind
    for group, kinds in {
        "thinking": THINKING,
        "talk": TALK,
        "marks": MARKS,
        "quotes": QUOTES,
        "markup": MARKUP,
        "tokens": TOKENS,
        "characters": CHARACTERS,
    }.items()
    for name, kind in kinds.items()
}
