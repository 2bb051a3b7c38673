"""Figures that the papers' tables report, to stand beside ours."""

import csv
import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from sau.core.errors import UserError
from sau.pipeline.subset.settings import AS_IS
from sau.settings.names import unknown_key

TABLES = Path(__file__).parent / "paper_tables.csv"
"""Figures of SAU (ICONIP 2024) and GLMC (CVPR 2023), as printed there."""

DATA = {"0": "real", "1": "balanced"}
"""What our rows call the training set, by the tables' column `synthetic`."""

_SPLITS = ("all", "many", "medium", "few")
_AS_THEY_COME = ("imagenet-lt",)


@dataclasses.dataclass(frozen=True)
class PaperFigure:
    """One figure of a table.

    data: real, or balanced with synthetic images.
    imbalance_factor: as our configuration names it, such as 100; as-is for ImageNet-LT, for which
        the table holds what it comes to, N_max / N_min = 256.
    top1: in percent, with the digits that the paper prints.
    """

    source: str
    table: int
    dataset: str
    method: str
    data: str
    backbone: str
    imbalance_factor: str
    split: str
    top1: str


COLUMNS = [
    "synthetic" if field.name == "data" else field.name for field in dataclasses.fields(PaperFigure)
]
"""Columns of the file of tables."""


@functools.cache
def read_figures(path: Path = TABLES) -> tuple[PaperFigure, ...]:
    """Read all figures, in the order of the file.

    Raises:
        UserError: other columns, a value that cannot be, or the same cell twice.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != COLUMNS:
            raise UserError(f"{path}: columns {rows.fieldnames}; expected {', '.join(COLUMNS)}")
        figures = [_figure(row, f"{path}, line {rows.line_num}") for row in rows]
    cells = [dataclasses.replace(figure, top1="") for figure in figures]
    twice = next((cell for index, cell in enumerate(cells) if cell in cells[:index]), None)
    if twice is not None:
        raise UserError(f"{path}: two figures of one cell; drop one: {twice}")
    return tuple(figures)


def figures_of(source: str, table: int, dataset: str) -> list[PaperFigure]:
    """Return the figures of one table and data set, in the order of the paper.

    Raises:
        UserError: there is no such table.
    """
    wanted = (source, table, dataset)
    found = [f for f in read_figures() if (f.source, f.table, f.dataset) == wanted]
    if not found:
        known = dict.fromkeys(f"{f.source} {f.table} {f.dataset}" for f in read_figures())
        raise UserError(
            f"report.paper_table: {source} has no table {table} for {dataset}; "
            f"known tables: {', '.join(known)}"
        )
    return found


def counterpart(
    figures: Sequence[PaperFigure], method: str, data: str, backbone: str
) -> list[PaperFigure]:
    """Return the figures of one method on one kind of data, over factors and splits.

    A method that stands there with several networks is taken with ours; one that stands there
    with a single network is taken whatever ours is.

    Args:
        figures: of one table and data set.
        method: as the table names it.
        data: real or balanced.
        backbone: our network.

    Raises:
        UserError: no such method with that data, or none of its networks is ours.
    """
    name = f"{method!r} on {data} data"
    known = dict.fromkeys(figure.method for figure in figures if figure.data == data)
    if method not in known:
        raise UserError(unknown_key(name, method, known, "paper method"))
    found = [f for f in figures if (f.method, f.data) == (method, data)]
    networks = list(dict.fromkeys(figure.backbone for figure in found))
    if len(networks) == 1:
        return found
    ours = [network for network in networks if _plain(backbone).startswith(_plain(network))]
    if not ours:
        raise UserError(f"{name}: the paper has {' and '.join(networks)}, not {backbone}")
    return [figure for figure in found if figure.backbone == ours[0]]


def _plain(network: str) -> str:
    return network.lower().replace("-", "")


def _figure(row: Mapping[str | None, str], place: str) -> PaperFigure:
    """Read one line; raises UserError with its place."""
    if None in row:
        raise UserError(f"{place}: more than {len(COLUMNS)} values")
    try:
        top1, table, factor = float(row["top1"]), int(row["table"]), float(row["imbalance_factor"])
    except (TypeError, ValueError) as error:
        raise UserError(f"{place}: table, imbalance_factor and top1 must be numbers") from error
    if not 0 <= top1 <= 100:
        raise UserError(f"{place}: top1 {top1:g} must be a percentage")
    if row["synthetic"] not in DATA or row["split"] not in _SPLITS:
        raise UserError(f"{place}: synthetic must be 0 or 1, split one of {', '.join(_SPLITS)}")
    as_it_comes = row["dataset"] in _AS_THEY_COME
    return PaperFigure(
        source=row["source"],
        table=table,
        dataset=row["dataset"],
        method=row["method"],
        data=DATA[row["synthetic"]],
        backbone=row["backbone"],
        imbalance_factor=AS_IS if as_it_comes else f"{factor:g}",
        split=row["split"],
        top1=row["top1"],
    )
