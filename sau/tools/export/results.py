"""The results in a model card: on the test images of the run, and on others."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sau.assets.trained_model import TrainedModel
from sau.pipeline.report.markdown import escape
from sau.tools.evaluate.tables import NATS, TITLES
from sau.tools.export.own_test import OwnTest, own_test

SHOWN_CLASSES = 50
_INTERVALS = (
    "The intervals are those of drawing other images of the same kind, not of training again."
)


def results(model: TrainedModel, metrics: Mapping[str, Any] | None) -> list[str]:
    """Return what is known of a network's worth, as Markdown.

    Args:
        model: measured on the test images of its run, where its predictions lie beside it.
        metrics: what `sau evaluate` wrote of it, or None.
    """
    own = own_test(model)
    if own is None and metrics is None:
        return ["## Results", "Not measured here; `sau evaluate` does it on images of your own."]
    parts = ["## Results"]
    if own is not None:
        figures = {name: figure.to_mapping() for name, figure in own.figures.overall.items()}
        parts += [
            f"On the {own.images} test images of its run. {_INTERVALS}",
            _figures_table(figures),
            *_classes_table(model, own),
        ]
    if metrics is not None:
        parts += [
            f"On {metrics['images']['read']} images by `sau evaluate`. {_INTERVALS}",
            _figures_table(metrics["figures"]),
        ]
    return parts


def _figures_table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["| figure | percent | 95 % interval |", "| - | -: | -: |"]
    for name, each in figures.items():
        low, high = each["interval_95"]
        title = escape(TITLES.get(name, name)) + (", in nats" if name == NATS else "")
        lines.append(f"| {title} | {each['value']:.2f} | {low:.2f} to {high:.2f} |")
    return "\n".join(lines)


def _classes_table(model: TrainedModel, own: OwnTest) -> list[str]:
    """Return each class's recall beside the images that it was learnt from, the lowest first."""
    trained = model.provenance.get("real_counts")
    if not isinstance(trained, Sequence) or len(trained) != len(model.class_names):
        return []
    tested = np.flatnonzero(own.figures.images)
    order = tested[np.argsort(own.figures.recall[tested], kind="stable")][:SHOWN_CLASSES]
    lines = ["| class | real training images | recall, percent |", "| - | -: | -: |"]
    for label in order:
        recall = own.figures.recall[label]
        lines.append(f"| {escape(model.class_names[label])} | {trained[label]} | {recall:.2f} |")
    more = len(tested) - len(order)
    return ["\n".join(lines), *([f"{more} classes more have a higher recall."] if more else [])]
