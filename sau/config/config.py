"""The sections of a config file."""

import dataclasses
from typing import Annotated, Any, ClassVar

from pydantic import Field, NonNegativeInt

from sau.core.errors import UserError
from sau.engine.setting_checks import check_use
from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.evaluation.settings import EvaluationSettings
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.gallery.settings import GallerySettings
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.influence.settings import InfluenceSettings
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.prompts.settings import PromptsSettings
from sau.pipeline.report.settings import ReportSettings
from sau.pipeline.rounds.settings import RoundsSettings
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.subset.settings import AS_IS, SubsetSettings
from sau.pipeline.training.settings import TrainingSection
from sau.settings.paths import PathText
from sau.settings.section import Section, setting


class ExperimentSettings(Section):
    """The grid: every run of the table, for every tail, for every seed."""

    section: ClassVar[str] = "experiment"

    results: PathText = setting("results", "folder of everything that the pipeline writes")
    imbalance_factors: list[Annotated[float, Field(ge=1, le=1e9)] | str] = setting(
        [100],
        "N_max / N_min of the long-tailed training sets, at least 1; as-is leaves the data alone",
    )
    data_seeds: list[Annotated[int, Field(ge=0, le=2**32 - 1)]] = setting(
        [0], "seeds of the long-tailed subsets"
    )
    seeds: list[NonNegativeInt] = setting([0], "seeds of the training runs")
    rows: list[str] = setting(
        [], "rows to run, by their keys in training.runs, in the order of those; empty: all"
    )
    replace_runs: bool = setting(
        False,
        "whether runs that were trained with other settings may be trained again and replaced",
        affects_result=False,
    )

    def check(self) -> None:
        """Check the folder's name, and that the grid is not empty and names nothing twice."""
        if not self.results.strip() or set(self.results) & set("{}*?"):
            raise UserError(
                f"experiment.results: {self.results!r} must be a folder's name without braces or "
                "wildcards; Snakemake reads them"
            )
        for name in ("imbalance_factors", "data_seeds", "seeds"):
            if not getattr(self, name):
                raise UserError(f"experiment.{name}: empty; the grid needs at least one")
        for name in ("imbalance_factors", "data_seeds", "seeds", "rows"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise UserError(f"experiment.{name}: {values} names a value twice")
        for factor in self.imbalance_factors:
            if isinstance(factor, str) and factor != AS_IS:
                raise UserError(
                    f"experiment.imbalance_factors: {factor!r} must be a number of at least 1 "
                    f"or {AS_IS}"
                )

    def largest_factors(self) -> list[str]:
        """Return the largest imbalance factor, and as-is if it is there, as in folder names."""
        names = self.factor_names()
        numbers = sorted((name for name in names if name != AS_IS), key=float)
        return [*numbers[-1:], *(name for name in names if name == AS_IS)]

    def factor_names(self) -> list[str]:
        """Return the imbalance factors as they stand in folder names, such as 100 or as-is."""
        return [factor_name(factor) for factor in self.imbalance_factors]


def factor_name(factor: float | str) -> str:
    """Return an imbalance factor as it stands in folder names: 100 for 100, 100.0, 1e+2; or as-is.

    Raises:
        UserError: text that is neither.
    """
    if factor == AS_IS:
        return AS_IS
    try:
        return f"{float(factor)!r}".removesuffix(".0")
    except ValueError as error:
        raise UserError(
            f"imbalance factor {factor!r}: expected a number of at least 1, such as 100, or {AS_IS}"
        ) from error


ROW_KEYS = ("label", "paper", "options_by_factor")
"""Keys of a row that are no settings of the training stage."""


@dataclasses.dataclass(frozen=True)
class TrainingGrid:
    """The rows of the table: a name, a label, and the settings of its runs.

    Attributes:
        labels: name of each row as it stands in tables, by its key in the config.
        papers: method in the paper's table beside which a row stands, for those that name one.
        runs: settings of each row: those of the section, with the row's own on top.
        by_factor: of the rows whose options differ at some imbalance factors, their settings there,
            by the factor as folder names have it.
    """

    labels: dict[str, str]
    papers: dict[str, str]
    runs: dict[str, TrainingSection]
    by_factor: dict[str, dict[str, TrainingSection]]

    def settings_of(self, row: str, factor: str) -> TrainingSection:
        """Return the settings of a row at an imbalance factor, such as 100 or as-is."""
        return self.by_factor[row].get(factor, self.runs[row])

    def score_option(self, row: str) -> tuple[str, str]:
        """Return the option by which a row reads scores, and the value without; or nothing."""
        runs = (self.runs[row], *self.by_factor[row].values())
        return next(filter(any, (run.score_option() for run in runs)), ("", ""))

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> "TrainingGrid":
        """Resolve the section `training`, whose key `runs` holds the rows."""
        shared = {key: value for key, value in values.items() if key != "runs"}
        if "options" in shared:
            raise UserError(
                "training.options: options belong to one method; set them in the rows that have "
                "it, training.runs.NAME.options"
            )
        rows = values.get("runs") or {}
        if not rows:
            raise UserError("training.runs: empty; name at least one row, such as ce or sau")
        labels: dict[str, str] = {name: row.get("label", name) for name, row in rows.items()}
        papers: dict[str, str] = {n: row["paper"] for n, row in rows.items() if "paper" in row}
        runs: dict[str, TrainingSection] = {}
        by_factor: dict[str, dict[str, TrainingSection]] = {}
        for name, row in rows.items():
            own = {key: value for key, value in row.items() if key not in ROW_KEYS}
            try:
                runs[name] = TrainingSection.from_mapping({**shared, **own})
                check_use([runs[name]], own)
                by_factor[name] = _by_factor(runs[name], row.get("options_by_factor", {}))
            except UserError as error:
                raise UserError(f"training.runs.{name}: {error}") from error
        check_use(list(runs.values()), shared)
        return cls(labels, papers, runs, by_factor)


def _by_factor(
    settings: TrainingSection, options: dict[Any, dict[str, Any]]
) -> dict[str, TrainingSection]:
    """Return a row's settings at those factors that have options of their own."""
    found: dict[str, TrainingSection] = {}
    for factor, own in options.items():
        name = factor_name(factor)
        if name in found:
            raise UserError(f"options_by_factor: {name} is named twice, once as {factor!r}")
        found[name] = settings.replace(options={**settings.options, **own})
    return found


@dataclasses.dataclass(frozen=True)
class Config:
    """A whole configuration, section by section."""

    experiment: ExperimentSettings
    dataset: DatasetSettings
    prompts: PromptsSettings
    rounds: RoundsSettings
    personalise: PersonaliseSettings
    images: ImagesSettings
    scores: ScoresSettings
    filter: FilterSettings
    gallery: GallerySettings
    subset: SubsetSettings
    complement: ComplementSettings
    training: TrainingGrid
    influence: InfluenceSettings
    evaluation: EvaluationSettings
    report: ReportSettings

    def image_shards(self) -> int:
        """Return the number of shards of synthetic images: those of all rounds."""
        return self.images.shards * self.rounds.most

    def made_by(self) -> str:
        """Return how the number of synthetic images comes about: prompts, rounds or imported."""
        if self.images.source == "imported":
            return "imported"
        return "prompts" if self.rounds.over_generation is None else "rounds"

    def wants_members(self) -> str:
        """Return the setting by which synthetic images depend on real ones; empty: none does."""
        if self.personalise.method != "none":
            return f"personalise.method: {self.personalise.method}"
        return "images.guide: real" if self.images.is_guided() else ""

    def rows_on_synthetic(self) -> list[str]:
        """Return the keys of the rows that are run and train on synthetic images too."""
        return [name for name in self.row_names() if self.training.runs[name].needs_synthetic()]

    def wants_synthetic(self) -> bool:
        """Return whether the run asks for synthetic images: a row trains on them, or networks say
        how much each would help."""
        return bool(self.rows_on_synthetic() or self.influence.row)

    def row_names(self) -> list[str]:
        """Return the keys of the rows that are run, in the order of the configuration."""
        chosen = self.experiment.rows
        return [name for name in self.training.runs if not chosen or name in chosen]


SECTIONS: dict[str, type[Section]] = {
    section.section: section
    for section in (
        ExperimentSettings,
        DatasetSettings,
        PromptsSettings,
        RoundsSettings,
        PersonaliseSettings,
        ImagesSettings,
        ScoresSettings,
        FilterSettings,
        GallerySettings,
        SubsetSettings,
        ComplementSettings,
        TrainingSection,
        InfluenceSettings,
        EvaluationSettings,
        ReportSettings,
    )
}
"""The sections by name, in the order of the data flow."""
