"""What modules say, less their comments: parsed once for each text, by the first who asks."""

import ast
import functools
import hashlib
import json
import platform
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sau.core.errors import UserError
from sau.storage.files import write_text
from sau.storage.folders import cache_folder

_MODULE = re.compile(r"(sau(?:\.\w+)+)(?::\w+)?")
_MOST = 5_000
"""Texts that the cache may hold; the package has a few hundred modules, each edit adds one."""


class ParsedModule(NamedTuple):
    """What a result may depend on in the text of a module.

    Attributes:
        essence: SHA-256, in hex, of its syntax tree without docstrings.
        imports: the modules of `sau` that it imports, or names in a string as registries do.
    """

    essence: str
    imports: frozenset[str]


class ParsedCode:
    """Modules by their text, from a file in the user's cache where they were parsed before.

    To parse all that training imports takes over a second of processor, and each of a run's
    hundreds of processes needs it. An entry is found by the SHA-256 of the module's text, so an
    edit is another entry. A cache that cannot be read or written costs that second, no more.

    Args:
        folder: where the file is or will be; else `sau/code` in the user's cache.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (folder or cache_folder("code")) / f"{_way_of_parsing()}.json"
        self._known = _read(self._path)
        self._used: dict[str, ParsedModule] = {}

    def module(self, source: str) -> ParsedModule:
        """Return what a module with the text `source` says."""
        name = hashlib.sha256(source.encode()).hexdigest()
        if name not in self._used:
            self._used[name] = self._known.get(name) or _parsed(source)
        return self._used[name]

    def keep(self) -> None:
        """Write down what was parsed for the first time."""
        if self._used.keys() <= self._known.keys():
            return
        kept = self._known | self._used
        entries = kept if len(kept) <= _MOST else self._used
        text = json.dumps(
            {name: [one.essence, *sorted(one.imports)] for name, one in entries.items()}
        )
        # The next process parses again; no result depends on it.
        with suppress(UserError, OSError):
            write_text(self._path, text)


def _read(path: Path) -> dict[str, ParsedModule]:
    """Return the entries of a cache; none of a missing or damaged one, which is made again."""
    try:
        entries = json.loads(path.read_bytes())
        return {
            name: ParsedModule(essence, frozenset(imports))
            for name, (essence, *imports) in entries.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


@functools.cache
def _way_of_parsing() -> str:
    """Return 16 hex digits that change with this file and with Python's syntax trees."""
    own = Path(__file__).read_bytes()
    return hashlib.sha256(platform.python_version().encode() + own).hexdigest()[:16]


@functools.cache  # where the file cannot be written, stages of one process share modules at least
def _parsed(source: str) -> ParsedModule:
    tree = ast.parse(source)
    essence = hashlib.sha256(_essence(tree).encode()).hexdigest()
    return ParsedModule(essence, frozenset(_imported_names(tree)))


def _imported_names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = _MODULE.fullmatch(node.value)
            names |= {named[1]} if named else set()
    return {name for name in names if name.startswith("sau.")}


def _essence(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        node.body = [s for s in body if not _is_bare_string(s)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_bare_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
