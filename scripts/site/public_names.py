"""The page of the names that `import sau` offers, found in sau/__init__.py without importing it."""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path

HEAD = """# `import sau`

The library's public names, with the paper's values as defaults. Each is loaded when it is first
asked for, so that `import sau` is quick. Tensors and arrays in, tensors and arrays out; errors name
the argument that is wrong.
"""

ROOMS = {
    "engine": "Training",
    "metrics": "Metrics",
    "longtail": "Long tails",
    "losses": "Losses",
    "methods": "Methods",
    "networks": "Networks",
    "views": "Views",
    "data": "Batches",
    "neighbours": "Neighbours",
    "glide": "GLIDE",
}
"""Headings of the page, by the room that a name stands in."""


def public_names(root: Path) -> dict[str, str]:
    """Return the dotted path of each public name, in the order of the imports.

    Args:
        root: of the repository; its `sau/__init__.py` imports lazy names under `if TYPE_CHECKING:`.
    """
    blocks = ast.parse((root / "sau" / "__init__.py").read_text(encoding="utf-8")).body
    found: dict[str, str] = {}
    for block in blocks:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            found |= imported(block.body)
    return {name: definition(path, root) for name, path in found.items()}


def definition(path: str, root: Path) -> str:
    """Follow a name that a package hands on from one of its modules, to that module.

    A function and its module may have one name, and the function is meant.
    """
    parent, _, name = path.rpartition(".")
    package = root.joinpath(*parent.split("."), "__init__.py")
    if not package.is_file():
        return path
    handed_on = imported(ast.parse(package.read_text(encoding="utf-8")).body)
    return definition(handed_on[name], root) if name in handed_on else path


def imported(statements: Sequence[ast.stmt]) -> dict[str, str]:
    """Return the dotted path of each name that the statements import from a module."""
    return {
        alias.asname or alias.name: f"{statement.module}.{alias.name}"
        for statement in statements
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


def public_reference(names: Mapping[str, str]) -> str:
    """Return the page in Markdown, for mkdocstrings to fill: a heading for each room.

    Args:
        names: the dotted path of each name, as `public_names` has them.

    Raises:
        ValueError: a name from a room without a heading in `ROOMS`.
    """
    parts = [HEAD]
    rooms = {name: path.split(".")[1] for name, path in names.items()}
    unknown = sorted(set(rooms.values()) - set(ROOMS))
    if unknown:
        raise ValueError(f"names: from the room {unknown[0]!r}, expected one of {sorted(ROOMS)}")
    for room, heading in ROOMS.items():
        own = [name for name in names if rooms[name] == room]
        if own:
            parts.append(f"## {heading}\n")
            parts += [f"::: {names[name]}\n    options: {{heading: sau.{name}}}\n" for name in own]
    return "\n".join(parts)
