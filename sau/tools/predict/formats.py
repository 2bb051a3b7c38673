"""Predictions to a file: CSV, JSON or Parquet, by its ending, written while images are read."""

import csv
import functools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from sau.core.errors import UserError
from sau.pipeline.report.csv_text import no_formula
from sau.storage.files import atomic_path
from sau.storage.manifest.schemas import STATUS_FAILED, STATUS_OK

Row = dict[str, Any]
"""`image`, `status`, `reason`, and `top`: classes as (name, label, probability), best first."""

Write = Callable[[Sequence[Row]], None]
"""Writes some rows behind those before."""

DIGITS = 6
"""Of probabilities as text; a Parquet file has all of float32."""


def check_ending(output: Path) -> None:
    """Refuse a file whose ending names no format; raises UserError that lists those there are."""
    if output.suffix.lower() not in WRITERS:
        raise UserError(f"--output: {output}: expected a name that ends in {', '.join(WRITERS)}")


@contextmanager
def writing_rows(output: Path, top: int) -> Iterator[Write]:
    """Yield what writes rows to a file, in the format of its ending; it is there when all are.

    Args:
        output: the file; one that is there already is replaced in the end.
        top: classes of each row.
    """
    with atomic_path(output) as temporary, WRITERS[output.suffix.lower()](temporary, top) as write:
        yield write


@contextmanager
def _csv(path: Path, top: int) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(_flat([], top))
        safe = functools.lru_cache(no_formula)  # class names come again and again

        def write(rows: Sequence[Row]) -> None:
            columns = _flat(rows, top)
            for name, values in columns.items():
                if not name.startswith(("label_", "probability_")):
                    columns[name] = [safe(value) for value in values]
            lines.writerows(zip(*columns.values(), strict=True))

        yield write


@contextmanager
def _json_lines(path: Path, top: int) -> Iterator[Write]:
    del top
    with path.open("w", encoding="utf-8") as file:
        yield lambda rows: file.writelines(f"{_json(row)}\n" for row in rows)


@contextmanager
def _json_array(path: Path, top: int) -> Iterator[Write]:
    del top
    with path.open("w", encoding="utf-8") as file:
        yield _array_into(file)
        file.write("\n]\n")


def _array_into(file: IO[str]) -> Write:
    before = "[\n"

    def write(rows: Sequence[Row]) -> None:
        nonlocal before
        for row in rows:
            file.write(f"{before}{_json(row)}")
            before = ",\n"

    return write


def _json(row: Row) -> str:
    best = [
        {"class": name, "label": label, "probability": round(probability, DIGITS)}
        for name, label, probability in row["top"]
    ]
    return json.dumps({**row, "top": best}, ensure_ascii=False)


@contextmanager
def _parquet(path: Path, top: int) -> Iterator[Write]:
    best = [
        field
        for place in range(1, top + 1)
        for field in (
            pa.field(f"class_{place}", pa.string()),
            pa.field(f"label_{place}", pa.int32()),
            pa.field(f"probability_{place}", pa.float32()),
        )
    ]
    texts = [pa.field(name, pa.string()) for name in ("image", "status", "reason")]
    schema = pa.schema([*texts, *best])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        yield lambda rows: writer.write_table(
            pa.table(_flat(rows, top, digits=None), schema=schema)
        )


def _flat(rows: Sequence[Row], top: int, digits: int | None = DIGITS) -> dict[str, list[Any]]:
    """Return rows as columns: those of the image, then three for each of its classes."""
    columns = {name: [row[name] for row in rows] for name in ("image", "status", "reason")}
    for place in range(top):
        best = [row["top"][place] if row["top"] else (None, None, None) for row in rows]
        columns[f"class_{place + 1}"] = [name for name, _, _ in best]
        columns[f"label_{place + 1}"] = [label for _, label, _ in best]
        columns[f"probability_{place + 1}"] = [
            found if found is None or digits is None else round(found, digits)
            for _, _, found in best
        ]
    return columns


WRITERS: dict[str, Callable[[Path, int], AbstractContextManager[Write]]] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".json": _json_array,
    ".parquet": _parquet,
}
"""What writes a file, by its ending."""


def row_of(name: str, reason: str | None, top: Sequence[tuple[str, int, float]]) -> Row:
    """Return the row of one image; without classes where there is a reason."""
    status = STATUS_OK if reason is None else STATUS_FAILED
    return {"image": name, "status": status, "reason": reason, "top": list(top)}
