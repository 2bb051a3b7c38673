"""The influence stage: which synthetic images lower the loss on validation images."""

import logging
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
from sau.engine.backbone_names import distributions_of
from sau.engine.influence import balanced_weights, loss_gradient
from sau.engine.influence import influence as influence_of
from sau.pipeline.influence.networks import networks_of
from sau.pipeline.influence.pictures import pictures_of
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
    real = RealImages.of_images(train_images, names)
    networks = networks_of(models, read_record(validation).content_sha256, real)
    table = _means(networks, _Asked(images, train_images, held_out), settings)
    helping = int((table["influence"].to_numpy() > 0).sum())
    log.info("%d of %d images lower the validation loss", helping, len(table))
    facts = {"class_names": names, "networks": [each.weights_sha256 for each in networks]}
    backbones = {each.network.config.backbone for each in networks}
    libraries = {name for backbone in backbones for name in distributions_of(backbone)}
    made = provenance(
        "influence", settings, inputs, ("pillow", *libraries), asks_networks=True, **facts
    )
    manifest.write(output, "influence", table, made)


class _Asked(NamedTuple):
    """Images that networks are asked about, and by which they judge: those with these ids."""

    synthetic: list[Path]
    real: Path
    held_out: list[str]


class _Judged(NamedTuple):
    """What a network says of some images: n ids, their labels, and figures (n,), on the CPU."""

    ids: list[str]
    labels: list[int]
    figures: Tensor


def _means(networks: list[TrainedModel], asked: _Asked, settings: InfluenceSettings) -> pa.Table:
    """Return the rows of the manifest: the means of what the networks say of each image."""
    with (
        reserved_device(settings.device, "influence.device") as device,
        repeatable(settings.threads),
    ):
        shown = progress(networks, "influence", total=len(networks), unit="network")
        found = [list(_judged(network, asked, device, settings)) for network in shown]
    # All networks have read the same images in the same order.
    figures = [torch.cat([torch.empty(0), *(part.figures for part in parts)]) for parts in found]
    columns = {
        "id": [name for part in found[0] for name in part.ids],
        "label": [label for part in found[0] for label in part.labels],
        "influence": torch.stack(figures).double().mean(dim=0).numpy(),
    }
    return pa.table(columns).cast(manifest.SCHEMAS["influence"])


def _judged(
    model: TrainedModel, asked: _Asked, device: torch.device, settings: InfluenceSettings
) -> Iterator[_Judged]:
    """Yield what one network says of the synthetic images, a batch at a time."""
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
        figures = influence_of(network, *given, gradient, views).cpu()
        yield _Judged(part.ids, part.labels.tolist(), figures)
    network.cpu()
