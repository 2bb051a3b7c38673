"""The influence stage: which synthetic images lower the loss on validation images."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import torch
from torch import Tensor

from sau.assets.trained_model import TrainedModel
from sau.assets.trained_on import RealImages
from sau.core.errors import UserError
from sau.core.progress import progress
from sau.device.gpus import reserved_device
from sau.device.repeatable import repeatable
from sau.engine.influence import balanced_weights, loss_gradient
from sau.engine.influence import influence as influence_of
from sau.pipeline.influence.networks import networks_of
from sau.pipeline.influence.pictures import Pictures, pictures_of
from sau.pipeline.influence.settings import InfluenceSettings
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Split, check_inputs
from sau.storage.manifest.reading import read_record
from sau.storage.outputs import writes
from sau.storage.provenance import provenance

BELONGING = (
    Split("train_images", "training"),
    Split("images", "synthetic"),
    Link("validation", "train_images", "train_images"),
    Agree(("class_names",), ("train_images", "images", "validation")),
)

log = logging.getLogger(__name__)


@writes("output")
def influence(
    models: list[Path],
    validation: Path,
    train_images: Path,
    images: list[Path],
    output: Path,
    *,
    settings: InfluenceSettings,
) -> None:
    """Say how much each synthetic image lowers the loss on validation images, by TracIn.

    The loss is cross-entropy, its mean over classes of the mean over a class's validation images,
    so that a class of the tail counts as much as another. The figures are means over all networks:
    those of the runs, and those that the runs have kept of earlier epochs.

    Args:
        models: folders of networks that the training stage wrote; earlier epochs' lie within.
        validation: manifest of the members that these runs held out.
        train_images: manifest of the real training images.
        images: the shards of the synthetic images.
        output: manifest of influence to write: a row for each image that can be read.
        settings: the section `influence`.

    Raises:
        UserError: no networks or validation images, or networks that may know these or the test
            images; no such device.
    """
    inputs: dict[str, Path | Sequence[Path]] = {
        "validation": validation,
        "train_images": train_images,
        "images": images,
    }
    check_inputs(inputs, *BELONGING)
    names = manifest.read_facts(train_images, "images", "class_names")["class_names"]
    held_out = manifest.read(validation, "members", columns=["id"])["id"].to_pylist()
    if not held_out or not models:
        raise UserError(
            "influence: no validation images, or no networks; set subset.validation_fraction above "
            "0, and give the folders that the training stage wrote"
        )
    record = read_record(train_images)
    whole = record.provenance.get("selected_from", record.content_sha256)
    real = RealImages(train_images, {record.content_sha256, whole}, names)
    networks = networks_of(models, read_record(validation).content_sha256, real)
    asked = _Asked(images, train_images, held_out)
    sums: Counter[str] = Counter()
    labels: dict[str, int] = {}
    with (
        reserved_device(settings.device, "influence.device") as device,
        repeatable(settings.threads),
    ):
        for network in progress(networks, "influence", total=len(networks), unit="network"):
            for part, figures in _by_network(network, asked, device, settings):
                sums.update(dict(zip(part.ids, figures.tolist(), strict=True)))
                labels |= dict(zip(part.ids, part.labels.tolist(), strict=True))
    rows = [
        {"id": name, "label": label, "influence": sums[name] / len(networks)}
        for name, label in labels.items()
    ]
    helping = sum(row["influence"] > 0 for row in rows)  # type: ignore[operator]
    log.info("%d of %d images lower the validation loss", helping, len(rows))
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["influence"])
    facts = {"class_names": names, "networks": [each.weights_sha256 for each in networks]}
    made = provenance("influence", settings, inputs, ("torch", "pillow"), **facts)
    manifest.write(output, "influence", table, made)


class _Asked(NamedTuple):
    """Images that networks are asked about, and by which they judge: those with these ids."""

    synthetic: list[Path]
    real: Path
    held_out: list[str]


def _by_network(
    model: TrainedModel, asked: _Asked, device: torch.device, settings: InfluenceSettings
) -> Iterator[tuple[Pictures, Tensor]]:
    """Yield the synthetic images in batches, each with what one network says of it."""
    height, width = model.preprocessing.size
    size, count, views = (height, width), settings.batch_size, model.preprocessing.views()
    network = model.network.to(device)
    network.precision = torch.float32
    parts = list(pictures_of([asked.real], size, count, asked.held_out))
    weights = balanced_weights(torch.cat([part.labels for part in parts]))
    batches = (
        (part.images.to(device), part.labels.to(device), shares.to(device))
        for part, shares in zip(parts, torch.split(weights, count), strict=True)
    )
    gradient = loss_gradient(network, batches, views)
    for part in pictures_of(asked.synthetic, size, count):
        given = part.images.to(device), part.labels.to(device)
        yield part, influence_of(network, *given, gradient, views).cpu()
    network.cpu()
