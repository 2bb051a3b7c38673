"""Files of some real training images, read in one pass whatever order they are wanted in."""

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.sources.decode import bytes_of
from sau.storage import manifest
from sau.storage.spool import spool

_SCHEMA = pa.schema([("id", pa.string()), ("data", pa.large_binary())])
_TOGETHER = 64
"""Images that are in memory at once, beside a row group of the manifest."""


class EncodedImages:
    """Bytes and hashes of images; the bytes wait on the disk until this object is gone.

    Attributes:
        sha256: of each image's bytes, by id.
    """

    def __init__(self, train_images: Path, ids: Collection[str], spool_in: Path) -> None:
        """Read the images.

        Args:
            train_images: manifest of the real training images.
            ids: of those that are wanted.
            spool_in: a folder on a disk with room for them.

        Raises:
            UserError: an image that is not in the manifest.
        """
        self.sha256: dict[str, str] = {}
        self._table = spool(self._read(train_images, ids), _SCHEMA, spool_in)
        self._places = {name: row for row, name in enumerate(self._table["id"].to_pylist())}
        absent = set(ids) - set(self.sha256)
        if absent:
            raise UserError(
                f"{train_images}: no image {min(absent)!r}, which is a member of the tails; "
                "run the subset stage again"
            )

    def data(self, name: str) -> bytes:
        """Return an image's encoded bytes."""
        found: bytes = self._table["data"][self._places[name]].as_py()
        return found

    def _read(self, train_images: Path, ids: Collection[str]) -> Iterator[pa.RecordBatch]:
        """Yield ids and bytes, and take down the hashes."""
        wanted = pa.array(sorted(ids), pa.string())
        groups = manifest.read_groups(train_images, "images", columns=["id", "image"])
        for group in groups if len(wanted) else ():
            own = group.filter(pc.is_in(group["id"], value_set=wanted))
            for start in range(0, own.num_rows, _TOGETHER):
                rows = own.slice(start, _TOGETHER).to_pylist()
                data = [bytes_of(row["image"]["bytes"], row["image"]["path"]) for row in rows]
                names = [row["id"] for row in rows]
                hashes = (hashlib.sha256(one).hexdigest() for one in data)
                self.sha256 |= dict(zip(names, hashes, strict=True))
                yield pa.record_batch([names, data], schema=_SCHEMA)
