"""How much disk the images will take, said as soon as the first ones are there."""

import logging
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sau.storage.manifest.schemas import STATUS_OK

log = logging.getLogger(__name__)

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class DiskEstimate:
    """Says once what a shard and all shards will take, and warns where that does not fit."""

    def __init__(self, folder: Path, rows: int, shard: int, shards: int) -> None:
        """Args: the shard's folder, its rows, its number from 0, and how many shards there are."""
        self._folder = folder
        self._rows = rows
        self._shard = shard
        self._shards = shards
        self._said = False

    def see(self, batch: pa.Table) -> None:
        """Look at a batch of images; the first with a picture in it gives the estimate."""
        pictures = batch.filter(pc.equal(batch["status"], STATUS_OK))
        if self._said or not pictures.num_rows:
            return
        self._said = True
        shard = pictures.nbytes * self._rows // pictures.num_rows
        free = shutil.disk_usage(self._folder).free
        log.info(
            "about %s for this shard's %d images, %s for all %d shards; %s free in %s",
            readable(shard),
            self._rows,
            readable(shard * self._shards),
            self._shards,
            readable(free),
            self._folder,
        )
        # Those before it are taken to be there; its own batches lie beside it until it is whole.
        wanted = shard * (self._shards - self._shard + 1)
        if wanted > free:
            log.warning(
                "%s: %s free, but this and the later shards need about %s; make room, or set "
                "images.image_size to store smaller images",
                self._folder,
                readable(free),
                readable(wanted),
            )


def readable(size: float) -> str:
    """Return a number of bytes in the largest unit that leaves at least 1, such as 3.2 MiB."""
    unit = 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size:.0f} {_UNITS[unit]}"
