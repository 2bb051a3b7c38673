"""Smaller and edited copies of photographs, told by what they are called beside the originals.

`thumbs`, `small` or `edited` may well be words of a data set; they tell a copy only where the
picture that it would be a copy of is there too.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import PurePath

_SMALL = r"thumb(?:nail)?s?|tn|th|small|mini|miniature|vignette|icon|preview|lowres|low_res"
_EDITED = (
    r"edited|edit|bearbeitet|modifi\u00e9|editado|modificato|bewerkt|edytowane|redigerad"
    r"|\u7de8\u96c6\u6e08\u307f|original|orig|backup|autosave|checkpoint|web|resized|upscaled"
)
_COPY = (
    r"(?:copy|kopie|copie|c[o\u00f3]pia|kopia|kopi|kopio|m\u00e1solat|\u043a\u043e\u043f\u0438\u044f"
    r"|\u526f\u672c|\u30b3\u30d4\u30fc|\ubcf5\uc0ac\ubcf8)"
)
_COUNT = r"(?:[ _][(\[]?[0-9]+[)\]]?)?"
_COPIED = (
    rf"[ _](?:-[ _])?{_COPY}{_COUNT}"
    rf"|[ _][(\[](?:another[ _]|[0-9]+(?:st|nd|rd|th)[ _])?{_COPY}{_COUNT}[)\]]"
)
"""By Windows, macOS and Linux, in some languages: ` - Copy (2)`, ` copy 2`, ` (3rd copy)`."""
_COPY_OF = rf"{_COPY}{_COUNT}[ _](?:of|de|di|von|van)"
_SIZE = r"[0-9]{2,5}x[0-9]{2,5}(?:_c)?"
_AFTER = re.compile(
    rf"(?:[ ._-]+(?:{_SMALL}|{_EDITED})|[ ._-]*[(\[](?:{_SMALL}|{_EDITED})[)\]]"
    rf"|[ ._-]{_SIZE}|{_COPIED}|@[1-4](?:\.5)?x|~)$",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"^(?:(?:{_SMALL}|{_EDITED}|normal)[ ._-]|(?:{_COPY_OF})[ _]|[~#])", re.IGNORECASE
)
_GRID = re.compile(r"grid-[0-9]{4,}(-.*)?", re.IGNORECASE)
"""Of Stable Diffusion's web interface: all pictures of a batch in one."""
_FOLDER = re.compile(
    rf"[._ ]*(?:(?:{_SMALL}|{_EDITED}|cached?|trash|exports?)s?|originals|{_SIZE}|[1-4]x"
    r"|trashed|bin|papierkorb|corbeille|papelera|cestino|miniaturas?|miniatury|vorschau(?:bilder)?"
    r"|\u7f29\u7565\u56fe|\u30b5\u30e0\u30cd\u30a4\u30eb)",
    re.IGNORECASE,
)


def derived_copies(names: Iterable[PurePath]) -> set[PurePath]:
    """Return those paths that are called as a smaller or an edited copy of another one is.

    That is a file called as one beside it but for what programs add (`a_thumb.jpg`,
    `a-150x150.jpg`, `tn_a.jpg`, `a-edited.jpg` beside `a.jpg`), a grid of those beside it, or one
    in a folder such as `thumbs`, `previews` or `cache` that has the name of one above it or in a
    folder beside it.

    Args:
        names: of the images of one class, relative to its folder.
    """
    names = list(names)
    stems: dict[PurePath, set[str]] = {}
    for name in names:
        stems.setdefault(name.parent, set()).add(_stem(name))
    return {name for name in names if _is_beside(name, stems) or _is_in_folder(name, stems)}


def suspicious_folders(names: Iterable[PurePath]) -> list[PurePath]:
    """Return the folders all of whose images are called like one in the folder above them.

    Args:
        names: of the images of one class, relative to its folder.

    Returns: folders with at least two images.
    """
    stems: dict[PurePath, set[str]] = {}
    for name in names:
        stems.setdefault(name.parent, set()).add(_stem(name))
    return sorted(
        folder
        for folder, own in stems.items()
        if folder.parts and len(own) > 1 and own <= stems.get(folder.parent, set())
    )


def is_called_as_copies(folder: str) -> bool:
    """Return whether a folder is called as programs and people call one of smaller copies."""
    return _FOLDER.fullmatch(folder) is not None


def _is_beside(name: PurePath, stems: dict[PurePath, set[str]]) -> bool:
    stem, beside = _stem(name), stems[name.parent]
    if _GRID.fullmatch(stem):
        return not all(map(_GRID.fullmatch, beside))
    bare = (_AFTER.sub("", stem), _BEFORE.sub("", stem))
    return any(one and one != stem and one in beside for one in bare)


def _is_in_folder(name: PurePath, stems: dict[PurePath, set[str]]) -> bool:
    """Return whether a folder around an image is called so, and an original is there without it."""
    parts = name.parts[:-1]
    for place, part in enumerate(parts):
        if is_called_as_copies(part):
            around, below = PurePath(*parts[:place]), PurePath(*parts[place + 1 :])
            if _stem(name) in _originals(around, below, stems):
                return True
    return False


def _originals(
    around: PurePath, below: PurePath, stems: dict[PurePath, set[str]]
) -> Collection[str]:
    """Return the stems above a folder of copies, and of those beside it, at the same place."""
    found = set(stems.get(around / below, ()))
    for folder, own in stems.items():
        if len(folder.parts) == len(around.parts) + 1 + len(below.parts):
            beside = folder.parts[len(around.parts)]
            if folder == around / beside / below and not is_called_as_copies(beside):
                found |= own
    return found


def _stem(name: PurePath) -> str:
    return name.stem.lower()
