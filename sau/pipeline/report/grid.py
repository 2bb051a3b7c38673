"""The runs that an experiment asks for, so that a table can say which are missing."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sau.core.errors import UserError
from sau.pipeline.run_record import RunRecord


@dataclasses.dataclass(frozen=True)
class GridRow:
    """One row of the tables: what is known of it before it has run.

    run is its key in the configuration; paper the method beside which its figures stand, empty for
    none; recipes the hash of its training settings, by the requested imbalance factor; the others
    are as in `sau.pipeline.run_record.RunRecord`.
    """

    run: str
    label: str
    method: str
    data: str
    backbone: str
    width: int
    epochs: int
    recipes: dict[str, str]
    paper: str = ""


@dataclasses.dataclass(frozen=True)
class Grid:
    """Every row at every imbalance factor, data seed and seed, in the order of the tables.

    imbalance_factors: as they are requested, such as 100 or as-is.
    bounds: settings of the evaluation, many_above and few_at_most.
    """

    dataset: str
    rows: list[GridRow]
    imbalance_factors: list[str]
    data_seeds: list[int]
    seeds: list[int]
    bounds: dict[str, int]

    def runs_of_a_cell(self) -> int:
        """Return how many runs one row has at one imbalance factor."""
        return len(self.data_seeds) * len(self.seeds)

    def size(self) -> int:
        """Return how many runs there are in all."""
        return len(self.rows) * len(self.imbalance_factors) * self.runs_of_a_cell()

    def to_json(self) -> str:
        """Return the grid as one line of JSON."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Grid":
        """Read what `to_json` wrote.

        Raises:
            UserError: text that is no such JSON.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            return cls(**values | {"rows": [GridRow(**row) for row in values["rows"]]})
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(
                "--expected: not a grid as the rule overview hands it over: a JSON object with "
                "dataset, rows, imbalance_factors, data_seeds, seeds and bounds"
            ) from error

    def is_up_to_date(self, record: RunRecord, bounds: Mapping[str, int]) -> bool:
        """Return whether a run was trained and measured with the settings that it should have now.

        Args:
            record: of a run that the grid holds.
            bounds: that it was measured with.
        """
        row = next(row for row in self.rows if row.run == record.run)
        recipe = row.recipes[record.requested_imbalance_factor]
        return recipe == record.recipe and dict(bounds) == self.bounds

    def refuse_others(self, records: Iterable[RunRecord]) -> None:
        """Refuse runs that the grid does not hold, and runs that are there twice.

        Args:
            records: of the runs.

        Raises:
            UserError: one of either.
        """
        axes: list[Sequence[Any]] = [self.imbalance_factors, self.data_seeds, self.seeds]
        seen: set[tuple[Any, ...]] = set()
        for record in records:
            place = [record.requested_imbalance_factor, record.data_seed, record.seed]
            known = all(value in axis for value, axis in zip(place, axes, strict=True))
            called = f"--metrics: run {record.run!r}, factor {place[0]}, seeds {place[1:]}"
            if not known or record.run not in [row.run for row in self.rows]:
                raise UserError(f"{called}: not in --expected; leave one of them out")
            if (record.run, *place) in seen:
                raise UserError(f"{called}: given twice")
            seen.add((record.run, *place))
