"""What storage boxes, photo programs, editors and copying leave among photographs."""

import re
from pathlib import PurePath

_FOLDERS = frozenset(
    {
        "__macosx",  # zip files made on a Mac
        "network trash folder",  # file servers for Macs
        "temporary items",
        "thevolumesettingsfolder",
        "appledouble",
        "resource.frk",
        "ipod photo cache",  # iTunes: every picture in the sizes of an iPod
        *(
            "@eadir",
            "@tmp",
            "@sharebin",
            "@synoresource",
            "@appstore",
            "@img_bkp_cache",
        ),  # Synology
        *("@synodrive", "@syncfolder", "@cloudsync", "@database", "@quarantine", "@metadata"),
        "#recycle",
        "#snapshot",
        *("@__thumb", "@recycle", "@recently-snapshot", "@transcode", "@.trash", "@qpkg"),  # QNAP
        "@sharesnap",  # and snapshots of others
        "~snapshot",  # NetApp
        "$recycle.bin",  # Windows
        "recycler",
        "$windows.~bt",
        "$windows.~ws",
        "system volume information",
        "dfsrprivate",
        "lost+found",  # file systems that were repaired
        "lost.dir",
        "trashbox",  # Buffalo
        "network recycle bin",
        "thumbnails.cache",
        "_vti_cnf",  # FrontPage
        "_vti_pvt",
        "_derived",
        "_notes",  # Dreamweaver
        "_gsdata_",  # GoodSync
        "_svn",
        "[originals]",  # ACDSee: the picture before it was edited
        "darktable_exported",
        "picasa exports",
        "adobe bridge cache",
        "lightroom settings",
        "zbthumbnail",
        "tpthumb",
        "pwg_high",  # PhpWebGallery: every picture once more
        "pwg_representative",
        "captureone",
        "nksc_param",  # Nikon
        "canonmsc",  # Canon
        "node_modules",
        "__pycache__",
        "site-packages",
    }
)
_FOLDER = re.compile(r"__?thumb(nail)?s?|found\.[0-9]{3}|appdata_oc.*", re.IGNORECASE)
_FOLDER_ENDINGS = (
    *(".lrdata", ".lrcat-data", ".lrlibrary"),  # Lightroom
    *(".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary"),  # Apple
    *(".cocatalog", ".cosessiondb", ".cosession"),  # Capture One
    *(".dtrash", ".tmp"),
)
"""Catalogues and previews of photo programs, which are folders."""
_RECYCLED = "RECYCLED"
"""Of old Windows; in small letters it may be a class of waste."""

_DATE = r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}"
_IN_CONFLICT = (
    r"conflicted|case conflict|sfconflict"
    r"|kopi[ae]?.*konfli[ck]t|konfli[ck]t.*kopi[ae]?"
    r"|c[o\u00f3]pi[ae].*confli[ct]{1,2}o?|confli[ct]{1,2}o?.*c[o\u00f3]pi[ae]"
    r"|\u51b2\u7a81|\u885d\u7a81|\u7af6\u5408|\ucda9\ub3cc|\u043a\u043e\u043d\u0444\u043b\u0438\u043a\u0442"
)
_FILE = re.compile(
    r"synofile_thumb_.*"
    r"|synophoto_thumb_.*"
    r"|albumart(small|_\{.*)\..*"  # Windows Media Player
    r"|~\$.*"  # a file that is open in another program
    r"|#.*#(\..*)?"  # Emacs
    rf"|.*\.sync-conflict-{_DATE}-[0-9]{{6}}.*"  # Syncthing
    rf"|.*[(\[].*({_IN_CONFLICT}).*[)\]].*"  # Dropbox in any language, Nextcloud, Seafile, pCloud
    rf"|.*_conflict-{_DATE}.*"  # ownCloud
    r"|.*[0-9]{4}_conflict\.[a-z0-9]+"  # Synology Drive
    r"|.*\.(tmp|part|crdownload|download|partial|!ut|bc!|aria2|autosave|bak|swp)\.[a-z0-9]+",
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
    return (
        lower in _FOLDERS
        or lower.endswith(_FOLDER_ENDINGS)
        or _FOLDER.fullmatch(name) is not None
        or name == _RECYCLED
    )
