"""What storage boxes, photo programs, editors and copying leave among photographs."""

import re
from pathlib import PurePath

_FOLDERS = frozenset(
    {
        "__macosx",  # zip files made on a Mac
        "@eadir",  # Synology: thumbnails of every picture
        "@__thumb",  # QNAP
        "@recycle",
        "#recycle",
        "@recently-snapshot",
        "#snapshot",
        "@tmp",
        "$recycle.bin",
        "recycler",
        "system volume information",
        "lost+found",
        "lost.dir",
        "_thumbnails",
        "_thumbs",
        "thumbnails.cache",
        "_vti_cnf",  # FrontPage
        "_gsdata_",  # GoodSync
        "[originals]",  # ACDSee: the picture before it was edited
        "captureone",
        "nksc_param",
        "node_modules",
        "__pycache__",
    }
)
_FOLDER_ENDINGS = (".lrdata", ".lrlibrary", ".photoslibrary", ".aplibrary", ".cocatalog", ".tmp")
"""Catalogues and previews of photo programs, which are folders."""

_FILE = re.compile(
    r"synofile_thumb_.*"
    r"|synophoto_thumb_.*"
    r"|~\$.*"  # a file that is open in another program
    r"|.*\.sync-conflict-[0-9]{8}-[0-9]{6}.*"  # Syncthing
    r"|.*\(.*(conflicted copy|case conflict).*\).*"  # Dropbox, Nextcloud
    r"|.*\.(tmp|part|crdownload|partial)\.[a-z0-9]+",
    re.IGNORECASE,
)


def is_dropping(path: PurePath) -> bool:
    """Return whether a path, relative to the folder of the images, is none of the photographs.

    Files in a hidden folder, or hidden themselves, are no droppings here: they are left out anyway.
    """
    *folders, name = path.parts
    return any(map(is_dropped_folder, folders)) or bool(_FILE.fullmatch(name))


def is_dropped_folder(name: str) -> bool:
    """Return whether a folder of this name is left by a system or a program, not by a person."""
    lower = name.lower()
    return lower in _FOLDERS or lower.endswith(_FOLDER_ENDINGS)
