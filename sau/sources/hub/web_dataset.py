"""WebDataset's tar files: the members of one name are an image, its label and what is said of it.

Source: https://github.com/webdataset/webdataset, "The WebDataset Format".
"""

import dataclasses
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

import pyarrow as pa

from sau.core.bounded_json import read_json
from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.sources.checks import existing_file
from sau.sources.decode import MAX_BYTES, SUFFIXES
from sau.sources.hub.part import Part
from sau.sources.hub.path_list import IMAGE
from sau.sources.hub.values import column_of, text_column_of
from sau.sources.hub.whole_tar import members_of, open_whole
from sau.sources.naming import quoted
from sau.sources.record import Rows
from sau.sources.table_columns import ID_COLUMN, Columns

MAX_SAID_BYTES = 2**20
"""Of a label, a prompt or a JSON file."""

_BATCH_IMAGES = 64
_LABEL, _CLASS_MEMBER = "label", "cls"
_IMAGES = frozenset(suffix[1:] for suffix in SUFFIXES)
_DAMAGED = (tarfile.TarError, OSError, EOFError, ValueError, RecursionError, OverflowError)
"""What `tarfile` raises on damaged headers."""


class _Row(NamedTuple):
    """What is kept of a sample: where its image lies, and what is asked for of its texts."""

    key: str
    place: tuple[int, int] | None
    label: Any
    prompt: Any
    id: Any


@dataclasses.dataclass
class _Sample:
    """One sample: its key, where each of its images lies, and its texts by their endings."""

    key: str
    images: dict[str, tuple[int, int]]
    said: dict[str, bytes]


def open_tar(file: Path, key: str, columns: Columns) -> Part:
    """Read what a tar file says of its samples; images stay where they are.

    Args:
        file: an uncompressed tar. Members that are no regular files are passed over.
        key: the setting to name in errors.
        columns: `image` is the one image of a sample, or else an ending such as `jpg`; `label` is
            `.cls` or an entry of `.json`; other names are endings, or entries of `.json`; the id
            is the sample's name unless another entry is named.

    Returns: a part with the columns `columns` names, and `id`.

    Raises:
        UserError: no such file, a damaged one, a sample without a label, or with several images.
    """
    where = f"{key}: {existing_file(file, key, 'tar file')}"
    with _damage_refused(where), file.open("rb") as opened:
        rows_said = [_row(sample, columns, where) for sample in _samples(opened, columns)]
    places = [row.place for row in rows_said]
    table = pa.table(_fields(rows_said, columns, file, where))
    schema = table.schema.append(pa.field(columns.image, pa.binary()))

    def read(names: Sequence[str]) -> pa.Table:
        return table.select(list(names))

    def rows_of(names: Sequence[str], rows: Rows) -> Iterator[pa.RecordBatch]:
        with _damage_refused(where), file.open("rb") as opened:
            for start in range(0, len(rows), _BATCH_IMAGES):
                chosen = rows[start : start + _BATCH_IMAGES].tolist()
                data = [_bytes_at(opened, places[row]) for row in chosen]
                images = pa.array(data, pa.binary())
                others = table.take(pa.array(chosen, pa.int64()))
                columns_of = {
                    name: images if name == columns.image else others[name].combine_chunks()
                    for name in names
                }
                yield pa.RecordBatch.from_pydict(columns_of)

    return Part(file, schema, read, rows_of, names_files=False)


def _row(sample: _Sample, columns: Columns, where: str) -> _Row:
    """Return what is asked for of a sample; the rest of its texts is not kept in memory."""
    entries = _entries(sample, where)

    def value(name: str) -> Any:
        said = sample.said.get(name.lower())
        return entries.get(name) if said is None else _text(said, sample, where)

    label = value(columns.label)
    if label is None and columns.label == _LABEL:
        label = value(_CLASS_MEMBER)
    if label is None:
        raise UserError(
            f"{where}: sample {quoted(sample.key)} has no label; expected a member that ends in "
            f".{_CLASS_MEMBER}, or {quoted(columns.label)} in its .json"
        )
    prompt = value(columns.prompt) if columns.prompt else None
    own_id = value(columns.id) if _has_own_ids(columns) else None
    return _Row(sample.key, _place(sample, columns.image, where), label, prompt, own_id)


def _has_own_ids(columns: Columns) -> bool:
    return bool(columns.id) and columns.id != ID_COLUMN


def _fields(rows: Sequence[_Row], columns: Columns, file: Path, where: str) -> dict[str, pa.Array]:
    """Return labels, ids and, if they are wanted, prompts as columns."""
    fields = {columns.label: column_of([row.label for row in rows], columns.label, where)}
    if columns.prompt:
        prompts = [row.prompt for row in rows]
        fields[columns.prompt] = text_column_of(prompts, columns.prompt, where)
    if _has_own_ids(columns):
        fields[columns.id] = column_of([row.id for row in rows], columns.id, where)
    else:
        keys = [f"{file.stem}/{row.key}" for row in rows]
        fields[ID_COLUMN] = text_column_of(keys, ID_COLUMN, where)
    return fields


def _samples(opened: IO[bytes], columns: Columns) -> Iterator[_Sample]:
    """Yield the samples: members in a row whose names are the same up to the first point."""
    current: _Sample | None = None
    archive = open_whole(opened, MAX_SAID_BYTES)
    for member in members_of(archive, opened):
        path = PurePosixPath(member.name)
        stem, _, ending = path.name.partition(".")
        if not member.isreg() or member.issparse() or not stem or not ending:
            continue
        key = str(path.with_name(stem))
        if current is None or current.key != key:
            if current is not None and (current.images or current.said):
                yield current
            current = _Sample(key, {}, {})
        _add(current, ending.lower(), member, archive, columns)
    if current is not None and (current.images or current.said):
        yield current


def _add(
    sample: _Sample,
    ending: str,
    member: tarfile.TarInfo,
    archive: tarfile.TarFile,
    columns: Columns,
) -> None:
    """Note where an image lies, and read what is said of it."""
    if ending in sample.images or ending in sample.said:
        raise tarfile.ReadError(f"{one_line(sample.key, 80)}.{one_line(ending, 20)} comes twice")
    wanted = {"json", _CLASS_MEMBER, columns.label.lower(), (columns.prompt or "").lower()}
    if ending in _IMAGES or ending == columns.image.lower():
        if member.size > MAX_BYTES:
            raise tarfile.ReadError(f"an image of more than {MAX_BYTES:,} bytes")
        sample.images[ending] = (member.offset_data, member.size)
    elif ending in wanted | {columns.id.lower()}:
        if member.size > MAX_SAID_BYTES:
            raise tarfile.ReadError(f"a {ending} of more than {MAX_SAID_BYTES:,} bytes")
        opened = archive.extractfile(member)
        sample.said[ending] = opened.read() if opened else b""


def _place(sample: _Sample, image: str, where: str) -> tuple[int, int] | None:
    """Return offset and size of the image of a sample; None if it has none."""
    if image != IMAGE:
        return sample.images.get(image.lower())
    if len(sample.images) > 1:
        raise UserError(
            f"{where}: sample {quoted(sample.key)} has several images, "
            f"{' and '.join(sorted(sample.images)[:2])}; name one of them as the image column"
        )
    return next(iter(sample.images.values()), None)


def _entries(sample: _Sample, where: str) -> dict[str, Any]:
    """Return what the .json of a sample says; nothing if it has none."""
    if "json" not in sample.said:
        return {}
    at = f"{where}: the .json of sample {quoted(sample.key)}"
    try:
        found = read_json(_text(sample.said["json"], sample, where))
    except ValueError as error:
        raise UserError(f"{at} is not readable ({one_line(str(error))})") from error
    if not isinstance(found, dict):
        raise UserError(f"{at} holds no object")
    return found


def _text(data: bytes, sample: _Sample, where: str) -> str:
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{where}: what is said of sample {quoted(sample.key)} is no UTF-8 ({error.reason})"
        ) from error


def _bytes_at(opened: IO[bytes], place: tuple[int, int] | None) -> bytes | None:
    if place is None:
        return None
    offset, size = place
    opened.seek(offset)
    data = opened.read(size)
    if len(data) < size:
        raise tarfile.ReadError("shorter than when it was listed")
    return data


@contextmanager
def _damage_refused(where: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise UserError(
            f"{where}: not a readable tar file ({one_line(str(error) or type(error).__name__)}); "
            "expected an uncompressed one, fetch or write it again"
        ) from error
