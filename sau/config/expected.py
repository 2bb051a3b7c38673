"""The grid of runs that a configuration asks for, as the overview is told of it."""

from sau.config.config import Config
from sau.pipeline.report.grid import Grid, GridRow
from sau.pipeline.run_record import row_label


def expected_grid(config: Config) -> Grid:
    """Return every run of the experiment, in the order of the tables."""
    return Grid(
        dataset=config.dataset.title(),
        rows=[_row(config, name) for name in config.row_names()],
        imbalance_factors=config.experiment.factor_names(),
        data_seeds=config.experiment.data_seeds,
        seeds=config.experiment.seeds,
        bounds=config.evaluation.to_mapping(),
    )


def _row(config: Config, name: str) -> GridRow:
    settings = config.training.runs[name]
    return GridRow(
        run=name,
        label=row_label(config.training.labels[name], settings.to_mapping()),
        method=settings.method,
        data=settings.data_of_all_stages(),
        backbone=settings.backbone,
        width=settings.channels(),
        epochs=settings.total_epochs(),
        recipes={
            factor: config.training.settings_of(name, factor).recipe()
            for factor in config.experiment.factor_names()
        },
        paper=config.training.papers.get(name, ""),
    )
