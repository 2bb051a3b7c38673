"""Folders that are either whole or not there, and where downloads are kept."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sau.errors import UserError


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`; move it into place when the block ends well.

    What a killed process left behind is removed by the next one; anything else leaves nothing.

    Raises:
        UserError: there is something at `path` already, or it cannot be written.
    """
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(f"{path}: is there already; remove it or choose another folder")
    temporary = path.with_name(f".{path.name}.part")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _flush_to_disk(file)
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"cannot write {path}: {reason}; nothing was left behind, "
            "make room or choose another folder and run again"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def cache_folder(name: str) -> Path:
    """Return where downloads called `name` are kept; it may not exist yet.

    It is `sau/<name>` in `$XDG_CACHE_HOME`, as Hugging Face's cache is, or else in `~/.cache`.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification has relative paths ignored.
    root = Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache"
    return root / "sau" / name


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
