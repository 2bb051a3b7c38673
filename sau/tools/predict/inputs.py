"""The words behind `sau predict MODEL`: image files, folders and tables, as one list of images."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from sau.core.errors import UserError
from sau.sources.checks import existing_folder
from sau.sources.decode import SUFFIXES
from sau.sources.image_folder import images_below
from sau.sources.parquet_table import open_parquet, payloads_of, read_columns
from sau.sources.record import Payload
from sau.sources.table_columns import ID_COLUMN, check_columns, check_image_type

TABLE = ".parquet"
_KEY = "IMAGES"


@dataclasses.dataclass(frozen=True)
class ImageList:
    """Images in their order: what each is called, and its bytes or file when it is its turn.

    `names`: N strings, one name may come twice; `payloads`: gives N payloads.
    """

    names: list[str]
    payloads: Callable[[], Iterable[Payload]]

    def __iter__(self) -> Iterator[tuple[str, Payload]]:
        return zip(self.names, self.payloads(), strict=True)


def list_images(words: Sequence[Path], image_column: str) -> ImageList:
    """List the images that some words name; nothing but names is read.

    Args:
        words: each an image file, a folder with images at any depth, or a Parquet table.
        image_column: of tables; their rows are called by their column `id` if there is one, or by
            their number, behind the table's path and `#`.

    Raises:
        UserError: a word that names nothing, or no image; a folder or a table that cannot be read.
    """
    lists = [_list(word, image_column) for word in words]
    names = [name for each in lists for name in each.names]
    return ImageList(names, lambda: chain.from_iterable(each.payloads() for each in lists))


def _list(word: Path, image_column: str) -> ImageList:
    if word.is_dir():
        return _of_folder(word)
    if not word.exists() and not word.is_symlink():
        raise UserError(
            f"{_KEY}: {word}: no such file or folder; expected an image, a folder of images or a "
            f"{TABLE} table"
        )
    if word.suffix.lower() == TABLE:
        return _of_table(word, image_column)
    # A file is what it is called, and read as what it is: a row says if that is no image.
    return ImageList([str(word)], lambda: [Payload(path=word)])


def _of_folder(folder: Path) -> ImageList:
    found = images_below(existing_folder(folder, _KEY))
    if not found:
        raise UserError(
            f"{_KEY}: {folder}: no images found; expected files that end in "
            f"{' '.join(sorted(SUFFIXES))}"
        )
    names = [f"{folder}/{name}" for name, _ in found]
    return ImageList(names, lambda: (Payload(path=file) for _, file in found))


def _of_table(table: Path, image_column: str) -> ImageList:
    where = f"{_KEY}: {table}"
    opened = open_parquet(table, _KEY)
    schema, rows = opened.schema_arrow, opened.metadata.num_rows
    has_ids = ID_COLUMN in schema.names
    check_columns(schema, [image_column, *([ID_COLUMN] if has_ids else [])], where)
    check_image_type(schema.field(image_column), where)
    if not rows:
        raise UserError(f"{where}: no images found, the table has no rows")
    if has_ids:
        ids = [str(name) for name in read_columns(table, [ID_COLUMN], _KEY)[ID_COLUMN].to_pylist()]
    else:
        ids = [str(row) for row in range(rows)]
    payloads = payloads_of(table, image_column, None, _KEY)
    return ImageList([f"{table}#{name}" for name in ids], lambda: payloads(np.arange(rows)))
