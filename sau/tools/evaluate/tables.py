"""What an evaluation found, as CSV tables and as a table for the terminal."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sau.core.printable import one_line
from sau.tools.evaluate.figures import Answers, Figures

SHOWN = 20
"""Classes on the terminal; with more, those with the lowest recall."""

LONGEST_NAME = 32

TITLES = {
    "top1": "top-1",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "ece": "calibration error (ECE)",
    "aurc": "AURC",
    "nll": "NLL",
}
NATS = "nll"
"""The figure that is not in percent."""


def classes_table(figures: Figures, class_names: Sequence[str]) -> pd.DataFrame:
    """Return a row for each class: its images, recall, F1, and what it is most often taken for."""
    return pd.DataFrame(
        {
            "label": range(len(class_names)),
            "class": list(class_names),
            "images": figures.images,
            "recall": figures.recall.round(4),
            "f1": figures.f1.round(4),
            "taken_for": [
                _taken_for(figures, label, class_names) for label in range(len(class_names))
            ],
        }
    )


def confusion_table(figures: Figures, class_names: Sequence[str]) -> pd.DataFrame:
    """Return how often each class is taken for each: true classes in rows."""
    table = pd.DataFrame(figures.confusion, columns=_headings(class_names))
    table.insert(0, "true class", list(class_names))
    return table


def wrong_table(names: Sequence[str], answers: Answers, class_names: Sequence[str]) -> pd.DataFrame:
    """Return the images whose class was not found, by class, the surest mistakes first."""
    wrong = np.flatnonzero(answers.labels != answers.predicted)
    order = wrong[np.lexsort((-answers.confidence[wrong], answers.labels[wrong]))]
    return pd.DataFrame(
        {
            "image": [names[place] for place in order],
            "class": [class_names[label] for label in answers.labels[order]],
            "predicted": [class_names[label] for label in answers.predicted[order]],
            "probability": answers.confidence[order].round(6),
            "probability_of_class": answers.label_probability[order].round(6),
        }
    )


def terminal_text(figures: Figures, class_names: Sequence[str]) -> str:
    """Return the figures as lines for a terminal."""
    lines = [
        f"{title:<24} {each.value:6.2f} {'nats' if name == NATS else '%':<4}"
        f" 95 % interval {each.low:.2f} to {each.high:.2f}"
        for name, title in TITLES.items()
        for each in [figures.overall[name]]
    ]
    table = classes_table(figures, class_names)
    table = table[table["images"] > 0]
    heading = f"{len(table)} classes"
    if len(table) > SHOWN:
        heading = f"{SHOWN} of {len(table)} classes, the lowest recall first"
        table = table.sort_values("recall", kind="stable").head(SHOWN)
    names = [one_line(name, LONGEST_NAME) for name in table["class"]]
    width = max(len(name) for name in [heading, *names])
    lines += ["", f"{heading:<{width}}  images  recall     F1  most often taken for"]
    columns = table["images"], table["recall"], table["f1"], table["taken_for"]
    for name, images, recall, f1, other in zip(names, *columns, strict=True):
        taken = one_line(other, LONGEST_NAME)
        lines.append(f"{name:<{width}}  {images:6d}  {recall:6.2f} {f1:6.2f}  {taken}".rstrip())
    return "\n".join(lines)


def _taken_for(figures: Figures, label: int, class_names: Sequence[str]) -> str:
    """Return the other class that a class's images are most often taken for; empty if none is."""
    others = figures.confusion[label].copy()
    others[label] = 0
    return class_names[int(others.argmax())] if others.any() else ""


def _headings(class_names: Sequence[str]) -> list[str]:
    """Return class names as names of columns: two of one name also have their labels."""
    names = pd.Series(class_names)
    twice = names.duplicated(keep=False)
    return [f"{name} ({label})" if twice[label] else name for label, name in enumerate(class_names)]
