"""The arrows between the rooms of the package: they point down, and nowhere in a circle."""

import ast
import functools
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sau

PACKAGE = Path(sau.__file__).parent

GROUND = {"core", "device", "settings", "storage"}
LIBRARY = {
    *("data", "engine", "glide", "longtail", "losses", "methods"),
    *("metrics", "neighbours", "networks", "templates", "views"),
}
EDGE = {"assets", "sources"}
TOP = {"config", "pipeline", "run", "tools"}
BELOW = {
    **dict.fromkeys(GROUND, GROUND),
    **dict.fromkeys(LIBRARY, GROUND | LIBRARY),
    **dict.fromkeys(EDGE, GROUND | LIBRARY | EDGE),
    **dict.fromkeys(TOP, GROUND | LIBRARY | EDGE | TOP),
}
"""Which rooms each room may import from."""


@functools.cache
def imports_of(module: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it, by their dotted names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def arrows() -> dict[str, set[str]]:
    """Return the rooms that each room imports from."""
    found: dict[str, set[str]] = {room: set() for room in BELOW}
    for room in found:
        for module in (PACKAGE / room).rglob("*.py"):
            inside = [name.split(".") for name in imports_of(module) if name.startswith("sau.")]
            found[room] |= {parts[1] for parts in inside} & set(BELOW) - {room}
    return found


def test_rooms_are_all_known() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if any(path.glob("*.py"))}
    assert rooms <= set(BELOW)


def test_modules_outside_the_rooms_are_the_face_and_the_command_line() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("room", sorted(BELOW))
def test_arrows_point_down(room: str) -> None:
    assert arrows()[room] <= BELOW[room]


def test_arrows_of_the_library_form_no_circle() -> None:
    library = {room: below & LIBRARY for room, below in arrows().items() if room in LIBRARY}
    TopologicalSorter(library).prepare()  # raises CycleError


@pytest.mark.parametrize("room", sorted(LIBRARY))
def test_library_knows_no_table_no_config_file_and_no_snakemake(room: str) -> None:
    outside = ("snakemake", "yaml", "jsonschema", "pandas", "sau.storage.manifest")
    for module in (PACKAGE / room).rglob("*.py"):
        assert [name for name in imports_of(module) if name.startswith(outside)] == [], module
