"""Second names of a job's results, by which they outlive Snakemake's removal of outputs."""

import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from sau.core.errors import UserError
from sau.storage.files import atomic_path, file_sha256, write_text
from sau.storage.refused import check_file_is_to_blame
from sau.storage.sealed import sealed_text, unsealed
from sau.storage.wrecks import put_aside

RECORD = "reuse.json"
"""What else a folder has beside the files: what they were made from, and their hashes."""

TAKEN = "taken back from"
"""Stands in the log of a job that has made nothing."""

log = logging.getLogger(__name__)


def reuse_folder(output: Path) -> Path:
    """Return the folder of the second names of a job's results, by its first output."""
    return output.with_suffix(".reuse")


class ReusableResults:
    """A folder with hard links to the results of the last job that ended well.

    Snakemake removes a job's outputs before the job starts, so one that is refused (a model's name
    misspelt) would cost hours of GPU time. A link costs no room as long as the output is there.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        """Choose a folder; nothing is read yet.

        Args:
            folder: beside the outputs, on the same disk, and no output itself.
            identity: hash of all that the results depend on.
        """
        self.folder = folder
        self._identity = identity

    def holds(self) -> bool:
        """Return whether results of this identity are there, byte by byte as they were written."""
        hashes = self._hashes()
        damaged = [name for name in hashes if _hash_of(self.folder / name) != hashes[name]]
        if damaged:
            self._put_aside(f"{damaged[0]} is not as it was written; made again")
        return bool(hashes) and not damaged

    def take_back(self, outputs: Mapping[str, Path]) -> None:
        """Put what `holds` has looked at back in place, with the time of now.

        Args:
            outputs: what the job writes, files or folders of files, by the names of `store`.

        Raises:
            UserError: an output cannot be written.
        """
        for name in self._hashes():
            first, *inside = Path(name).parts
            with atomic_path(outputs[first].joinpath(*inside)) as temporary:
                temporary.unlink(missing_ok=True)
                _give(self.folder / name, temporary)
                os.utime(temporary)  # newer than its inputs, or Snakemake would ask for it again
        log.info("nothing that it depends on has changed: %s %s", TAKEN, self.folder)

    def store(self, outputs: Mapping[str, Path]) -> None:
        """Link the results, in place of those that were linked before.

        Where the file system has no hard links, nothing is linked, which is logged.

        Args:
            outputs: what the job has written, files or folders of files, each by a name.
        """
        self.remove()
        hashes = {}
        try:
            for name, path in _files_of(outputs):
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                os.link(path, self.folder / name)
                hashes[name] = _hash_of(path)
            record = {"identity": self._identity, "sha256": hashes}
            write_text(self.folder / RECORD, sealed_text(record))
        except (OSError, UserError) as error:
            log.warning(
                "%s: no second names (%s); a job that starts again loses them", self.folder, error
            )
            self.remove()

    def remove(self) -> None:
        """Remove the folder, whatever it holds."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each file by its name; none if other results or none are there."""
        try:
            record = unsealed((self.folder / RECORD).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            check_file_is_to_blame(self.folder / RECORD, error)
            self._put_aside(f"{RECORD} is not as it was written ({error})")
            return {}
        return dict(record["sha256"]) if record["identity"] == self._identity else {}

    def _put_aside(self, reason: str) -> None:
        aside = put_aside(self.folder)
        log.warning("%s: %s; put aside as %s", self.folder, reason, aside.name)


def _files_of(outputs: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, path in outputs.items():
        if path.is_file():
            yield name, path
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield f"{name}/{file.relative_to(path).as_posix()}", file


def _hash_of(path: Path) -> str | None:
    """Return a file's SHA-256, None if it cannot be read, and is to blame for that."""
    try:
        return file_sha256(path)
    except OSError as error:
        check_file_is_to_blame(path, error)
        return None


def _give(stored: Path, output: Path) -> None:
    """Link a stored file, or copy one that has other names: all names of a file have one time."""
    if stored.stat().st_nlink > 1:
        shutil.copyfile(stored, output)
    else:
        link_or_copy(stored, output)


def link_or_copy(stored: Path, output: Path) -> None:
    """Give a file a second name; copy it where that is not to be had.

    That is on another disk than it was, or of another user's file.
    """
    try:
        os.link(stored, output)
    except OSError:
        shutil.copyfile(stored, output)
