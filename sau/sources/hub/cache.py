"""A data set in the cache of Hugging Face's Hub, which keeps each revision as a folder of links."""

import logging
from pathlib import Path

from sau.core.errors import UserError
from sau.sources.naming import quoted
from sau.storage.regular import leads_to_folder, read_regular

log = logging.getLogger(__name__)

SNAPSHOTS, BLOBS, MAIN = "snapshots", "blobs", "refs/main"
_MOST_BYTES = 200
"""Of a reference: a hash, or the name of a branch."""


def in_cache(folder: Path, key: str) -> Path:
    """Return the one revision that is read of a repository in the cache; other folders as they are.

    A repository's folder holds `blobs`, `snapshots/<revision>` with links to them, and `refs/main`,
    which names the newest revision that was asked for.

    Args:
        folder: of a data set, or one of the cache such as `datasets--user--name`, or the
            `snapshots` in it.
        key: the setting to name in errors.

    Raises:
        UserError: several revisions, and no word which of them.
    """
    repository = folder.parent if folder.name == SNAPSHOTS else folder
    if not all(leads_to_folder(repository / name) for name in (SNAPSHOTS, BLOBS)):
        return folder
    there = {path.name: path for path in sorted((repository / SNAPSHOTS).iterdir())}
    named = _revision(repository)
    if named in there:
        log.info("%s: revision %s, which %s names", repository, named, MAIN)
        return there[named]
    if len(there) > 1:
        some = " and ".join(quoted(name) for name in list(there)[:2])
        raise UserError(
            f"{key}: {repository}: {len(there)} revisions, such as {some}, and no {MAIN} that "
            f"names one of them; set it to the folder of one, {SNAPSHOTS}/{next(iter(there))}"
        )
    return next(iter(there.values()), folder)


def _revision(repository: Path) -> str:
    """Return what the repository's main reference names; empty if there is none."""
    try:
        return read_regular(repository / MAIN, _MOST_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""
