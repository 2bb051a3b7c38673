"""The influence stage: which synthetic images lower the loss on validation images."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import torch

from sau.assets.trained_model import TrainedModel
from sau.assets.trained_on import RealImages
from sau.core.errors import UserError
from sau.core.progress import progress_in_batches
from sau.device.gpus import reserved_device
from sau.device.repeatable import repeatable
from sau.engine.backbone_names import distributions_of
from sau.pipeline.influence.judges import Judge
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


def _means(networks: list[TrainedModel], asked: _Asked, settings: InfluenceSettings) -> pa.Table:
    """Return the rows of the manifest: the means of what the networks say of each image.

    Each image is read once, and shown to all networks.
    """
    height, width = networks[0].preprocessing.size
    size, count = (height, width), settings.batch_size
    figures = [torch.empty(len(networks), 0)]
    ids: list[str] = []
    labels: list[int] = []
    with (
        reserved_device(settings.device, "influence.device") as device,
        repeatable(settings.threads),
        progress_in_batches("influence", total=_rows(asked.synthetic), unit="image") as done,
    ):
        validation = list(pictures_of([asked.real], size, count, asked.held_out))
        judges = [Judge.of(network, validation, device) for network in networks]
        for part in pictures_of(asked.synthetic, size, count):
            given = part.images.to(device), part.labels.to(device)
            figures.append(torch.stack([judge.judge(*given) for judge in judges]))
            ids += part.ids
            labels += part.labels.tolist()
            done(len(part.ids))
    means = torch.cat(figures, dim=1).double().mean(dim=0).numpy()
    table = pa.table({"id": ids, "label": labels, "influence": means})
    return table.cast(manifest.SCHEMAS["influence"])


def _rows(paths: Sequence[Path]) -> int:
    return sum(sum(read_record(path).rows) for path in paths)
