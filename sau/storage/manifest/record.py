"""What a manifest's file says of itself, sealed by a hash of its own."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.storage.manifest.facts import check_facts
from sau.storage.manifest.schemas import HUGGING_FACE_FEATURES, SCHEMAS
from sau.storage.refused import check_file_is_to_blame
from sau.storage.sealed import hash_of_json

_PREFIX = "sau."
_KIND, _VERSION, _SEAL = f"{_PREFIX}kind", f"{_PREFIX}schema_version", f"{_PREFIX}record_sha256"
_CONTENT, _GROUPS = f"{_PREFIX}content_sha256", f"{_PREFIX}row_groups"
_PROVENANCE = f"{_PREFIX}provenance"
_HUGGING_FACE = "huggingface"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """What stands in the file beside the rows.

    Attributes:
        kind: a name in `SCHEMAS`.
        schema_version: of all schemas, when it was written.
        content_sha256: hash of the rows, whatever file they stand in.
        rows: how many rows each row group has.
        hashes: of each column in each row group, by the column's name.
        provenance: what made it.
    """

    kind: str
    schema_version: int
    content_sha256: str
    rows: list[int]
    hashes: dict[str, list[str]]
    provenance: dict[str, Any]

    def to_metadata(self) -> dict[str, str]:
        """Return the entries of the file's metadata, with the hash over all of them."""
        groups = {"rows": self.rows, "hashes": self.hashes}
        entries = {
            _KIND: self.kind,
            _VERSION: str(self.schema_version),
            _CONTENT: self.content_sha256,
            _GROUPS: json.dumps(groups, sort_keys=True),
            _PROVENANCE: json.dumps(self.provenance, sort_keys=True),
        }
        if self.kind in HUGGING_FACE_FEATURES:
            features = {"info": {"features": HUGGING_FACE_FEATURES[self.kind]}}
            entries[_HUGGING_FACE] = json.dumps(features)
        return entries | {_SEAL: _seal(entries)}

    @classmethod
    def of_metadata(cls, raw: Mapping[bytes, bytes], version: int, path: Path) -> "Record":
        """Read what `to_metadata` wrote.

        Args:
            raw: the metadata of a Parquet file.
            version: the only schema version that is taken.
            path: of the file, for messages.

        Raises:
            UserError: it is no manifest, of another version, or not as it was written.
        """
        entries = _texts(raw, path)
        if _KIND not in entries:
            raise DamagedError(
                f"{path}: a Parquet file, but not a manifest of sau; bring your own table in "
                "through `dataset.source: parquet` or `images.source: imported`"
            )
        _check_version(entries.get(_VERSION, "none"), version, path)
        if entries.get(_SEAL) != _seal(entries) or entries[_KIND] not in SCHEMAS:
            raise damaged(path, "what it says of itself is not as it was written")
        groups, provenance = json.loads(entries[_GROUPS]), json.loads(entries[_PROVENANCE])
        check_facts(path, provenance)
        return cls(
            kind=entries[_KIND],
            schema_version=version,
            content_sha256=entries[_CONTENT],
            rows=groups["rows"],
            hashes=groups["hashes"],
            provenance=provenance,
        )


class DamagedError(UserError):
    """A file that is no manifest, or not as it was written: whoever can make it again may do so."""


def damaged(path: Path, reason: object, what: str = "damaged") -> DamagedError:
    """Return the error of a manifest that is not as it was written; `reason` is put in one line."""
    told = one_line(str(reason))  # Arrow's have several
    return DamagedError(f"{path}: {what} ({told}); delete it and run its stage again")


def unreadable(path: Path, error: BaseException, what: str = "damaged") -> DamagedError:
    """Return the error of a manifest that Arrow cannot read, by what it raised.

    Nobody is told to delete hours of work because a disk is away, or too many files are open.

    Args:
        path: the file.
        error: of Arrow.
        what: it is, unless memory may be too little.

    Raises:
        UserError: the machine is to blame, and not the file.
    """
    check_file_is_to_blame(path, error)
    if isinstance(error, MemoryError):
        return DamagedError(
            f"{path}: damaged, or too large for this machine's memory ({one_line(str(error))}); "
            "use a machine with more, or delete it and run its stage again"
        )
    return damaged(path, error, what)


def _texts(raw: Mapping[bytes, bytes], path: Path) -> dict[str, str]:
    """Return the metadata as text, without what other programs put there."""
    try:
        found = {key.decode(): value.decode() for key, value in raw.items()}
    except UnicodeDecodeError as error:
        raise damaged(path, f"its metadata is no UTF-8: {error}") from error
    return {k: v for k, v in found.items() if k.startswith(_PREFIX) or k == _HUGGING_FACE}


def _check_version(text: str, version: int, path: Path) -> None:
    if text != str(version):
        found = text if text.isascii() and text.isalnum() else repr(text)[:20]
        raise DamagedError(
            f"{path}: schema version {found}, expected {version}; delete it and run its stage again"
        )


def _seal(entries: Mapping[str, str]) -> str:
    """Return the SHA-256 of all entries but the seal itself."""
    sealed = sorted((key, text) for key, text in entries.items() if key != _SEAL)
    return hash_of_json(sealed)
