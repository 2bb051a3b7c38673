"""Settings of the report stage."""

from typing import ClassVar, Literal

from sau.core.errors import UserError
from sau.pipeline.report.paper import PaperFigure, figures_of
from sau.settings.section import Section, setting


class ReportSettings(Section):
    """What the report shows."""

    section: ClassVar[str] = "report"

    title: str = setting("Long-tailed recognition", "heading of every page")
    note: str = setting("", "a paragraph under the heading: what the reader must know of the data")
    sheet_images: int = setting(
        8, "images of each kind and class on the sheets", unit="images", minimum=1, maximum=50
    )
    baseline: str = setting(
        "", "row that the others are compared with: its key in training.runs; empty: the first row"
    )
    paper_table: int | None = setting(
        None, "number of a paper's table to put beside our figures; null: none", minimum=1
    )
    paper_dataset: Literal["cifar10", "cifar100", "imagenet-lt"] | None = setting(
        None, "data set in that table; null: none"
    )
    paper_source: Literal["SAU", "GLMC"] = setting("SAU", "paper that the table stands in")

    def check(self) -> None:
        """Check that table and data set are named together, and stand in the paper."""
        if (self.paper_table is None) != (self.paper_dataset is None):
            raise UserError(
                "report.paper_table and report.paper_dataset: one is set without the other; set "
                "both, or none"
            )
        self.paper_figures()

    def paper_figures(self) -> list[PaperFigure]:
        """Return the figures to put beside ours, in the order of the paper; none if not asked."""
        if self.paper_table is None or self.paper_dataset is None:
            return []
        return figures_of(self.paper_source, self.paper_table, self.paper_dataset)

    def paper_name(self) -> str:
        """Return what the paper's table is called, such as `SAU, Table 1, cifar10`."""
        return f"{self.paper_source}, Table {self.paper_table}, {self.paper_dataset}"
