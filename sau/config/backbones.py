"""Whether the rows' backbones can be had, before images are drawn or decoded for them."""

from importlib.util import find_spec

from sau.config.config import Config
from sau.config.sizes import STORED
from sau.core.errors import UserError, naming_section
from sau.pipeline.training.settings import TrainingSection


def check_backbones(config: Config) -> None:
    """Check the backbones of timm and open_clip of all rows that are run.

    Where Snakemake's own process lacks the library, as where jobs have environments of their own,
    training says it.

    Raises:
        UserError: what training would refuse, with the row.
    """
    side = config.dataset.image_size or STORED.get(config.dataset.source)
    for name in config.row_names():
        try:
            check_backbone_of(config.training.runs[name], side)
        except UserError as error:
            raise UserError(f"training.runs.{name}: {error}") from error


def check_backbone_of(row: TrainingSection, side: int | None) -> None:
    """Check the backbone of one row.

    Args:
        row: its settings.
        side: of its images in pixels; None: not known.

    Raises:
        UserError: what training would refuse.
    """
    library = row.backbone.partition("/")[0]
    if library == row.backbone or not (find_spec("torch") and find_spec(library)):
        return
    from sau.engine.backbone_check import check_backbone  # takes seconds, and few rows need it

    with naming_section("training"):
        check_backbone(row, side)
