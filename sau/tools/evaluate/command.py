"""The command `sau evaluate`."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

import sau
from sau.assets.classify import Work, classify
from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.pipeline.report.csv_text import csv_of
from sau.storage.folders import check_place, new_folder
from sau.tools.evaluate.figures import Answers, Figures, measure
from sau.tools.evaluate.labelled import Labelled, list_labelled
from sau.tools.evaluate.tables import classes_table, confusion_table, terminal_text, wrong_table

log = logging.getLogger(__name__)

METRICS_FILE = "metrics.json"


def evaluate(
    model: Path,
    folder: Path,
    /,
    *,
    output: Path,
    image_column: str = "image",
    label_column: str = "label",
    batch_size: int = 0,
    workers: int = 1,
    threads: int = 1,
    device: str = "cpu",
) -> None:
    """Measure a trained network on new images whose classes are known.

    Figures and the classes' recalls are printed; the folder also gets the confusion matrix and a
    list of the images whose class was not found.

    Args:
        model: folder that the training stage wrote.
        folder: images in a folder for each class, called as the model's classes are; or a Parquet
            table with labels.
        output: folder to write metrics.json, classes.csv, confusion.csv, wrong.csv and
            unreadable.csv into; must not be there, or be empty.
        image_column: of a table, encoded bytes, structs of bytes and path, or paths.
        label_column: of a table, names of classes or their indices in the model.
        batch_size: images that the network gets at once; 0: as many as suit their size.
        workers: threads that read and decode images while the network works.
        threads: CPU threads of the network; last digits depend on it.
        device: cpu or cuda.

    Raises:
        UserError: no model, no image that can be read, a class that the model does not know, or an
            output folder with something in it.
    """
    check_place(output)
    work = Work(batch_size=batch_size, workers=workers, threads=threads, device=device)
    work.check()
    trained = TrainedModel.load(model, "MODEL")
    labelled = list_labelled(folder, trained.class_names, image_column, label_column)
    _say_lacking(labelled, trained, folder)
    names, answers, unreadable = answer(labelled, trained, work)
    figures = measure(answers, len(trained.class_names))
    facts = {
        "model": {"weights_sha256": trained.weights_sha256, "folder": str(model)},
        "images": {"from": str(folder), "read": len(names), "unreadable": len(unreadable)},
    }
    tables = {
        "classes.csv": classes_table(figures, trained.class_names),
        "confusion.csv": confusion_table(figures, trained.class_names),
        "wrong.csv": wrong_table(names, answers, trained.class_names),
        "unreadable.csv": unreadable,
    }
    with new_folder(output) as temporary:
        for name, table in tables.items():
            (temporary / name).write_text(csv_of(table), encoding="utf-8")
        text = json.dumps(metrics_of(figures, trained, facts), indent=2, ensure_ascii=False)
        (temporary / METRICS_FILE).write_text(f"{text}\n", encoding="utf-8")
    print(terminal_text(figures, trained.class_names))
    log.info("%s: %d images, %d of them wrong", output, len(names), len(tables["wrong.csv"]))
    if len(unreadable):
        log.warning("%d images cannot be read; unreadable.csv says why", len(unreadable))


def answer(
    labelled: Labelled, model: TrainedModel, work: Work
) -> tuple[list[str], Answers, pd.DataFrame]:
    """Classify all images.

    Returns: the names of those that could be read, what was answered, and a table of the others.

    Raises:
        UserError: none can be read.
    """
    images, labels = labelled.images, labelled.labels
    reasons: list[str | None] = []
    found: list[Tensor] = []
    for part in classify(images, len(images.names), model, work):
        own = labels[len(reasons) : len(reasons) + len(part.names)]
        read = np.array([reason is None for reason in part.reasons])
        found.append(_judged(part.probabilities, torch.from_numpy(own[read])))
        reasons += part.reasons
    read = np.array([reason is None for reason in reasons])
    if not read.any():
        raise UserError(
            f"FOLDER: none of {len(reasons)} images can be read, the first because: {reasons[0]}"
        )
    predicted, confidence, of_label = torch.cat(found, dim=1).numpy()
    answers = Answers(labels[read], predicted.astype(np.int64), confidence, of_label)
    names = [images.names[place] for place in np.flatnonzero(read)]
    others = np.flatnonzero(~read)
    unreadable = {
        "image": [images.names[place] for place in others],
        "class": [model.class_names[labels[place]] for place in others],
        "reason": [reasons[place] for place in others],
    }
    return names, answers, pd.DataFrame(unreadable)


def _judged(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Return predicted class, its probability and the true class's, float64 (3, n)."""
    confidence, predicted = probabilities.double().max(dim=1)
    of_label = probabilities.double().gather(1, labels[:, None])[:, 0]
    return torch.stack([predicted.double(), confidence, of_label])


def metrics_of(figures: Figures, model: TrainedModel, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures as JSON values, with what they are of."""
    recalls = zip(model.class_names, figures.images, figures.recall, strict=True)
    return {
        **facts,
        "figures": {name: each.to_mapping() for name, each in figures.overall.items()},
        "classes": [
            {"class": name, "images": int(images), "recall": round(float(recall), 4)}
            for name, images, recall in recalls
            if images
        ],
        "sau": sau.__version__,
    }


def _say_lacking(labelled: Labelled, model: TrainedModel, folder: Path) -> None:
    there = set(labelled.labels.tolist())
    lacking = [name for label, name in enumerate(model.class_names) if label not in there]
    if lacking:
        shown = ", ".join(lacking[:5]) + (", ..." if len(lacking) > 5 else "")
        log.warning(
            "%s: no images of %d of the model's %d classes: %s",
            folder,
            len(lacking),
            len(model.class_names),
            shown,
        )
