"""Command-line flags from a stage's signature and settings, and back again."""

import argparse
import inspect
import itertools
import json
import shlex
import sys
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Union

from pydantic.fields import FieldInfo

from sau.core.errors import EXIT_USER_ERROR
from sau.core.printable import printable
from sau.settings.declare import described, facts_of
from sau.settings.docstrings import argument_texts
from sau.settings.names import did_you_mean
from sau.settings.paths import path_flag
from sau.settings.section import Section

_NULL = "null"
_END_OF_FLAGS = "--"


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, and names an unknown flag first.

    argparse by itself prints all flags before that, and speaks of missing ones where one is only
    misspelt. Flags cannot be shortened.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **keywords})

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse as argparse does; all of its ways to parse lead through here."""
        words = sys.argv[1:] if args is None else list(args)
        if self._subparsers is None:  # else each command has flags, and a parser, of its own
            self._refuse_unknown(words)
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> typing.NoReturn:
        """Print what is wrong and leave with exit code 2."""
        line = printable(" ".join(message.splitlines()))
        self.exit(EXIT_USER_ERROR, f"{self.prog}: error: {line}; see {self.prog} --help\n")

    def _refuse_unknown(self, words: Sequence[str]) -> None:
        known = self._option_string_actions
        for word in itertools.takewhile(lambda word: word != _END_OF_FLAGS, words):
            flag = word.partition("=")[0]
            # A word with a space is a value to argparse, whatever it begins with.
            if flag.startswith("--") and " " not in flag and flag not in known:
                question = did_you_mean(flag, known, likeness=0.6)  # all begin with dashes
                self.error(f"unknown flag {flag}" + (f" ({question})" if question else ""))


def build_parser(command: str, stage: Callable[..., None]) -> Parser:
    """Return the parser of one stage: its paths and values first, then its settings.

    Parameters that are positional only are words without a flag, as in `sau predict MODEL`.
    """
    summary = (inspect.getdoc(stage) or "").split("\n\n")[0]
    parser = Parser(
        prog=f"sau {command}",
        description=summary,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    files = parser.add_argument_group("files and values")
    hints = typing.get_type_hints(stage)
    texts = argument_texts(stage)
    for name, parameter in inspect.signature(stage).parameters.items():
        if _is_section(hints[name]):
            section = hints[name].section
            settings = parser.add_argument_group(f"settings (config section {section})")
            for key, field in hints[name].model_fields.items():
                _add_setting(settings, key, field)
        else:
            _add_value(files, parameter, hints[name], texts.get(name, ""))
    return parser


def call(stage: Callable[..., None], parsed: argparse.Namespace) -> None:
    """Call `stage` with its parsed words and flags."""
    values = arguments_of(stage, parsed)
    parameters = inspect.signature(stage).parameters.values()
    words = [values.pop(one.name) for one in parameters if _is_word(one)]
    stage(*words, **values)


def arguments_of(stage: Callable[..., None], parsed: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments for `stage` by name, from its parsed words and flags."""
    values: dict[str, Any] = {}
    for name, hint in typing.get_type_hints(stage).items():
        if name == "return":
            continue
        if _is_section(hint):
            values[name] = hint(**{key: getattr(parsed, key) for key in hint.model_fields})
        else:
            values[name] = getattr(parsed, name)
    return values


def to_flags(section: Section, affects_result: bool | None = None) -> str:
    """Return a section's settings as flags for a shell line, quoted.

    Args:
        section: the settings.
        affects_result: those that results depend on, or those that none does; all if None.
    """
    words: list[str] = []
    for name in section.keys(affects_result):
        value, flag = getattr(section, name), _flag(name)
        if isinstance(value, bool):
            words.append(flag if value else flag.replace("--", "--no-", 1))
        elif isinstance(value, dict | list):
            words.append(f"{flag}={json.dumps(value, sort_keys=True, ensure_ascii=False)}")
        elif value is not None:
            # With "=", so that a value may begin with a dash.
            words.append(f"{flag}={value}")
        elif type(section).model_fields[name].default is not None:
            words.append(f"{flag}={_NULL}")
    return shlex.join(words)


def _is_section(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Section)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _is_word(parameter: inspect.Parameter) -> bool:
    return parameter.kind is inspect.Parameter.POSITIONAL_ONLY


def _add_value(group: Any, parameter: inspect.Parameter, hint: Any, text: str) -> None:
    name, default = parameter.name, parameter.default
    required = default is inspect.Parameter.empty
    keywords: dict[str, Any] = {"default": argparse.SUPPRESS if required else default}
    inner, _ = _strip_optional(hint)
    is_list = typing.get_origin(inner) is list
    if is_list:
        (inner,) = typing.get_args(inner)
        keywords["nargs"] = "*"
    if inner is bool:
        keywords["action"] = argparse.BooleanOptionalAction
    elif typing.get_origin(inner) is Literal:
        keywords["choices"] = typing.get_args(inner)
    else:
        keywords["type"] = path_flag if inner is Path else inner
        keywords["metavar"] = "PATH" if inner is Path else inner.__name__.upper()
    if _is_word(parameter):
        # A list takes one word at least: argparse gives it none where a flag comes before them.
        keywords["nargs"] = "+" if is_list else None if required else "?"
        keywords["metavar"] = name.upper()
    else:
        keywords |= {"required": required, "dest": name}
    words = [text.replace("%", "%%"), "(required)" if required else ""]
    names = [name if _is_word(parameter) else _flag(name)]
    group.add_argument(*names, help=" ".join(filter(None, words)) or " ", **keywords)


def _add_setting(group: Any, name: str, field: FieldInfo) -> None:
    """Add one setting as a flag, with its description, unit and default."""
    keywords: dict[str, Any] = {"dest": name, "help": described(facts_of(field)).replace("%", "%%")}
    keywords["default"] = field.get_default(call_default_factory=True)
    inner, is_optional = _strip_optional(field.annotation)
    origin = typing.get_origin(inner)
    if inner is bool:
        keywords["action"] = argparse.BooleanOptionalAction
    elif origin is Literal:
        keywords["choices"] = typing.get_args(inner)
    elif origin in (dict, list):
        keywords |= {"type": _json, "metavar": "JSON"}
    else:
        is_number = inner in (int, float)
        kind = _or_null(inner) if is_optional and is_number else inner
        keywords |= {"type": kind, "metavar": inner.__name__.upper()}
    group.add_argument(_flag(name), **keywords)


def _or_null(kind: type[float]) -> Callable[[str], float | None]:
    """Return what reads a number, or the word that stands for none where there is a default."""

    def parse(text: str) -> float | None:
        return None if text == _NULL else kind(text)

    parse.__name__ = kind.__name__  # for argparse: "invalid float value"
    return parse


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        expected = """expected JSON, such as '["a", "b"]' or '{"key": 1}'"""
        raise argparse.ArgumentTypeError(f"{text!r}: {expected}") from error


def _strip_optional(hint: Any) -> tuple[Any, bool]:
    """Split `X | None` into (`X`, True), and any other type into (itself, False)."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return hint, False
