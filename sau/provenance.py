"""What a result records of its making: settings, code, seeds, library versions, inputs."""

import ast
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

    It covers the Python files and the templates of the stage's folder `sau/<stage>` and the version
    of the manifests' schemas, not the whole package: an edit in the report must not generate the
    images again. Comments, docstrings and layout do not count.
    """
    digest = hashlib.sha256(f"schemas {SCHEMA_VERSION}".encode())
    for path in sorted((_PACKAGE / stage).rglob("*")):
        if path.suffix == ".py":
            digest.update(path.relative_to(_PACKAGE).as_posix().encode())
            digest.update(_essence(path.read_text(encoding="utf-8")).encode())
        elif path.suffix in {".html", ".css", ".js", ".jinja"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _essence(source: str) -> str:
    """Return the syntax tree of `source` without docstrings, as text."""
    tree = ast.parse(source)
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
