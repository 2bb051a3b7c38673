"""The command `sau predict`."""

import logging
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from sau.assets.classify import Classified, Work, classify
from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.storage.outputs import writes
from sau.tools.predict.formats import Row, check_ending, row_of, writing_rows
from sau.tools.predict.inputs import ImageList, list_images

log = logging.getLogger(__name__)

TOP = 5
"""Classes of each image, unless it is said; all of them where there are fewer."""


@writes("output")
def predict(
    model: Path,
    images: list[Path],
    /,
    *,
    output: Path,
    top: int | None = None,
    image_column: str = "image",
    batch_size: int = 0,
    workers: int = 1,
    threads: int = 1,
    device: str = "cpu",
) -> None:
    """Classify images with a trained network, and write the most probable classes of each.

    An image is treated as the dataset stage and the tests of training treat it, so that a test
    image gets the class and the probability that training found for it. One that cannot be read is
    a row with the reason.

    Args:
        model: folder that the training stage wrote, such as results/training/.../model.
        images: image files, folders with images at any depth, and Parquet tables, in any mixture;
            rows come in this order.
        output: file to write, by its ending .csv, .jsonl (an object in each line), .json (one list
            of them) or .parquet; one that is there is replaced.
        top: how many classes of each image, at most as many as there are; default 5.
        image_column: of tables, encoded bytes, structs of bytes and path, or paths.
        batch_size: images that the network gets at once; 0: as many as suit their size.
        workers: threads that read and decode images while the network works.
        threads: CPU threads of the network; last digits depend on it.
        device: cpu or cuda.

    Raises:
        UserError: no model, no image, an ending without a format, or more classes than there are.
    """
    check_ending(output)
    if any(word.exists() and output.exists() and word.samefile(output) for word in images):
        raise UserError(f"--output: {output}: is one of the images; choose another name")
    work = Work(batch_size=batch_size, workers=workers, threads=threads, device=device)
    work.check()
    trained = TrainedModel.load(model, "MODEL")
    count = top_of(top, trained)
    listed = list_images(images, image_column)
    failed = write_predictions(listed, trained, work, output, count)
    log.info("%s: %d images", output, len(listed.names))
    if failed:
        log.warning("%d of %d images cannot be read; their rows say why", failed, len(listed.names))


def write_predictions(
    images: ImageList, model: TrainedModel, work: Work, output: Path, top: int
) -> int:
    """Classify images and write their rows; return how many could not be read."""
    failed = 0
    with writing_rows(output, top) as write:
        for part in classify(images, len(images.names), model, work):
            write(list(rows_of(part, model.class_names, top)))
            failed += sum(reason is not None for reason in part.reasons)
    return failed


def top_of(top: int | None, model: TrainedModel) -> int:
    """Return how many classes of each image are wanted; raises UserError if there are fewer."""
    classes = len(model.class_names)
    if top is not None and not 1 <= top <= classes:
        raise UserError(f"--top: {top}, expected 1 to {classes}, the classes of {model.folder}")
    return min(TOP, classes) if top is None else top


def rows_of(part: Classified, class_names: list[str], top: int) -> Iterator[Row]:
    """Yield a row for each image of a part."""
    found = iter(best_of(part.probabilities, class_names, top))
    for name, reason in zip(part.names, part.reasons, strict=True):
        yield row_of(name, reason, next(found) if reason is None else [])


def best_of(
    probabilities: Tensor, class_names: list[str], top: int
) -> list[list[tuple[str, int, float]]]:
    """Return name, label and probability of the best classes of each row of (m, C).

    Of two classes that are equally probable the first comes first, as in the stage's predictions.
    """
    values, labels = probabilities.sort(dim=1, descending=True, stable=True)
    pairs = zip(labels[:, :top].tolist(), values[:, :top].tolist(), strict=True)
    return [
        [(class_names[label], label, value) for label, value in zip(*pair, strict=True)]
        for pair in pairs
    ]
