"""What a result records of its making: settings, code, seeds, library versions, inputs."""

import ast
import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sau
from sau.manifest import SCHEMA_VERSION, read_metadata
from sau.settings import Section

_PACKAGE = Path(__file__).parent
_CODE = {".py", ".jinja", ".css", ".js", ".csv"}


def provenance(
    stage: str,
    settings: Section,
    inputs: Mapping[str, Path | Sequence[Path]],
    libraries: Sequence[str] = (),
    **facts: Any,
) -> dict[str, Any]:
    """Return the record that goes into a result's metadata. No time and no host: bytes repeat.

    Args:
        stage: the stage's name.
        settings: its resolved settings.
        inputs: manifests it read, by name; their content hashes are recorded.
        libraries: distributions whose version can change the result, besides pyarrow and numpy.
        facts: what else to record (counts, seeds), as JSON values.
    """
    hashes = {
        name: [read_metadata(path)["content_sha256"] for path in _as_list(paths)]
        for name, paths in inputs.items()
    }
    return {
        "stage": stage,
        "settings": settings.to_mapping(),
        "code": {"sau": sau.__version__, "stage_digest": code_digest(stage)},
        "versions": versions(["numpy", "pyarrow", *libraries]),
        "inputs": hashes,
        **facts,
    }


def versions(distributions: Sequence[str]) -> dict[str, str]:
    """Return the versions of Python and of the named distributions."""
    found = {name: importlib.metadata.version(name) for name in sorted(set(distributions))}
    return {"python": platform.python_version(), **found}


def code_digest(stage: str) -> str:
    """Return 16 hex digits that change when the code of one stage does.

    It covers the stage's folder `sau/<stage>`, the modules of other folders that it imports, and
    the version of the manifests' schemas. It does not cover the modules that all stages share
    (`sau/*.py` but for `rng.py`, and `sau/manifest`), or one edit there would generate all images
    again; a change there that alters results raises `SCHEMA_VERSION`. Comments, docstrings and
    layout do not count.
    """
    digest = hashlib.sha256(f"schemas {SCHEMA_VERSION}".encode())
    for path in sorted(_files_of(stage)):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode())
        digest.update(_essence_and_imports(path)[0] if path.suffix == ".py" else path.read_bytes())
    return digest.hexdigest()[:16]


def _files_of(stage: str) -> set[Path]:
    """Return the files of a stage's folder, and the modules elsewhere that they import."""
    folder = _PACKAGE / stage
    found = {path for path in folder.rglob("*") if path.suffix in _CODE}
    waiting = [path for path in found if path.suffix == ".py"]
    while waiting:
        imported = _imported_modules(waiting.pop())
        new = {path for path in imported if path not in found and _belongs_to_a_stage(path)}
        found |= new | {data for path in new for data in _data_of(path)}
        waiting += new
    return found


def _data_of(module: Path) -> set[Path]:
    """Return the files beside a module of another stage that it names."""
    source = module.read_text(encoding="utf-8")
    beside = {path for path in module.parent.iterdir() if path.suffix in _CODE - {".py"}}
    return {path for path in beside if path.name in source}


def _belongs_to_a_stage(path: Path) -> bool:
    if path == _PACKAGE / "rng.py":
        return True  # every drawn number depends on it
    return path.parent not in (_PACKAGE, _PACKAGE / "manifest") and path.name != "__init__.py"


def _imported_modules(module: Path) -> set[Path]:
    """Return the files of the `sau` modules that are imported anywhere in a module."""
    inside = [name.split(".")[1:] for name in _essence_and_imports(module)[1]]
    files = {_PACKAGE.joinpath(*parts).with_suffix(".py") for parts in inside}
    return {path for path in files if path.is_file()}


def _essence_and_imports(module: Path) -> tuple[bytes, set[str]]:
    return _parsed(module.read_text(encoding="utf-8"))


@functools.cache  # by the text itself: stages share modules, and an edit is another text
def _parsed(source: str) -> tuple[bytes, set[str]]:
    """Return the syntax tree of `source` without docstrings, as text, and what it imports."""
    tree = ast.parse(source)
    return _essence(tree).encode(), _imported_names(tree)


def _imported_names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
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


def _as_list(paths: Path | Sequence[Path]) -> list[Path]:
    return [paths] if isinstance(paths, Path) else list(paths)
