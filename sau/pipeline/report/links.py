"""Where a page finds the files that it links."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def beside(page: Path, files: Mapping[str, Path]) -> list[tuple[str, str]]:
    """Return each file's words and its path from the page's folder."""
    return [
        (words, Path(os.path.relpath(path, page.parent)).as_posix())
        for words, path in files.items()
    ]


def gallery_link(html: Path, gallery: Sequence[Path] | None) -> list[tuple[str, str]]:
    """Return the words and the path of the gallery from a page, if there is one."""
    return beside(html, {"gallery of all images": gallery[0]} if gallery else {})


def files_of_runs(
    html: Path, models: Sequence[Path] | None, logs: Sequence[Path] | None
) -> list[dict[str, str]]:
    """Return the path of each run's model and log from the page, as far as they are given."""
    kinds = {"model": models or [], "log": logs or []}
    given = {words: paths for words, paths in kinds.items() if paths}
    return [
        dict(beside(html, dict(zip(given, paths, strict=True))))
        for paths in zip(*given.values(), strict=True)
    ]
