"""The page of the names that `import sau` offers, found in sau/__init__.py without importing it."""

import ast
from collections.abc import Mapping

HEAD = """# `import sau`

The library's public names, with the paper's values as defaults. Each is loaded when it is first
asked for, so that `import sau` is quick. Tensors and arrays in, tensors and arrays out; errors name
the argument that is wrong.
"""

ROOMS = {
    "losses": "Losses",
    "methods": "Methods",
    "networks": "Networks",
    "engine": "Training",
    "metrics": "Metrics",
    "longtail": "Long tails",
    "views": "Views",
    "neighbours": "Neighbours",
    "glide": "GLIDE",
}
"""Headings of the page, by the room that a name stands in."""


def public_names(source: str) -> dict[str, str]:
    """Return the dotted path of each public name, in the order of the imports.

    Args:
        source: of a module that imports its lazy names under `if TYPE_CHECKING:`.
    """
    found = {}
    for block in ast.parse(source).body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for statement in block.body:
                if isinstance(statement, ast.ImportFrom):
                    for alias in statement.names:
                        found[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
    return found


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
