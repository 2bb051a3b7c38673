"""What code a result depends on: the import graph of its stage, less one list."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import sau
from sau.storage.manifest import SCHEMA_VERSION
from sau.storage.parsed_code import ParsedCode

PACKAGE = Path(sau.__file__).parent

NO_EFFECT = (
    "__init__.py",
    "assets/classify.py",
    "assets/model_code.py",
    "assets/model_files.py",
    "assets/model_shards.py",
    "assets/shipped.py",
    "assets/trained_model.py",
    "assets/trained_on.py",
    "assets/unseen_classes.py",
    "assets/validated.py",
    "assets/vocabulary.py",
    "config",
    "core/ahead.py",
    "core/errors.py",
    "core/no_input.py",
    "core/printable.py",
    "core/progress.py",
    "core/signals.py",
    "core/unloadable.py",
    "core/unreadable.py",
    "settings",
    "storage",
)
"""Modules and rooms that all stages share and no number depends on; else one edit there would
generate all images again. A change of them that alters results raises `SCHEMA_VERSION`. Weights in
`assets` have a fingerprint of their own."""

NETWORKS = ("assets/classify.py", "assets/trained_model.py")
"""How a trained network is loaded and asked. That is half of the code there is, so it counts only
where a result depends on the answers: an edit of a loss would score all images again."""

_CODE = {".py", ".jinja", ".css", ".js", ".csv"}


def code_digest(stage: str, package: Path = PACKAGE, *, networks: bool = False) -> str:
    """Return 16 hex digits that change when code does which the results of a stage depend on.

    That is the stage's folder `pipeline/<stage>`, every module of the package that it imports,
    directly or not, but for `NO_EFFECT`, and the version of the manifests' schemas. A module that
    is named in a string, as in a registry, counts as imported. Comments, docstrings and layout do
    not count.

    Args:
        stage: the name of a folder in `pipeline`.
        package: the folder of the package `sau`.
        networks: whether the results depend on what trained networks say; see `NETWORKS`.
    """
    code = ParsedCode()
    digest = hashlib.sha256(f"schemas {SCHEMA_VERSION}".encode())
    for path in sorted(_files_of(stage, package, code, NETWORKS if networks else ())):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(_content(path, code))
    code.keep()
    return digest.hexdigest()[:16]


def files_of(stage: str, package: Path = PACKAGE) -> set[Path]:
    """Return the files that `code_digest` reads: code, and the data beside it that code names."""
    return _files_of(stage, package, ParsedCode(), ())


def _files_of(stage: str, package: Path, code: ParsedCode, others: Iterable[str]) -> set[Path]:
    folder = package / "pipeline" / stage
    found = {path for path in folder.rglob("*") if path.suffix in _CODE}
    found |= {package / name for name in others}
    waiting = [path for path in found if path.suffix == ".py"]
    while waiting:
        imported = set(_imported_files(waiting.pop(), package, code))
        new = {path for path in imported - found if _has_effect(path, package)}
        found |= new | {data for path in new for data in _data_of(path)}
        waiting += new
    return found


def _has_effect(path: Path, package: Path) -> bool:
    name = path.relative_to(package).as_posix()
    return not any(name == one or name.startswith(f"{one}/") for one in NO_EFFECT)


def _data_of(module: Path) -> set[Path]:
    """Return the files beside a module that it names."""
    source = module.read_text(encoding="utf-8")
    beside = {path for path in module.parent.iterdir() if path.suffix in _CODE - {".py"}}
    return {path for path in beside if path.name in source}


def _content(path: Path, code: ParsedCode) -> bytes:
    if path.suffix != ".py":
        return path.read_bytes()
    return code.module(path.read_text(encoding="utf-8")).essence.encode()


def _imported_files(module: Path, package: Path, code: ParsedCode) -> Iterator[Path]:
    """Yield the files of the package's modules, `__init__.py` of its folders among them."""
    for name in code.module(module.read_text(encoding="utf-8")).imports:
        path = package.joinpath(*name.split(".")[1:])
        yield from (p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file())
