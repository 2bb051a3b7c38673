"""What networks that were trained on the long tail say of synthetic images: the learner's word."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from sau.assets.classify import Work, classify
from sau.assets.trained_model import TrainedModel
from sau.assets.trained_on import RealImages, check_trained_on
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.verdict import verdict
from sau.sources.record import Payload
from sau.storage import manifest
from sau.storage.manifest.schemas import CLASSIFIED, SCHEMAS, STATUS_OK

KEY = "scores.classifiers"


def classify_shard(
    images: Path, rows: pa.Table, train_images: Path, class_names: list[str], s: ScoresSettings
) -> tuple[dict[str, pa.Array], dict[str, Any]]:
    """Return the columns `CLASSIFIED` of a shard, and what is to be recorded of the networks.

    Args:
        images: the shard, a manifest of synthetic images.
        rows: its rows without their images: id, label and status.
        train_images: manifest of the real training images, with which the networks must have been
            trained, and no others.
        class_names: of all classes, in label order.
        s: the section `scores`, with at least one classifier.

    Returns: columns with a value for each image that can be read, else null; and `classifiers`, a
        SHA-256 of the weights of each.

    Raises:
        UserError: no such device or network, one of other classes, or one that may have seen the
            test images.
    """
    networks = [TrainedModel.load(Path(folder), KEY) for folder in s.classifiers]
    real = RealImages.of_images(train_images, class_names)
    for network in networks:
        where = f"{KEY}: {network.folder}"
        check_trained_on(where, network.class_names, network.provenance, real)
    work = Work(batch_size=s.batch_size, threads=s.threads, device=s.device)
    labels = torch.tensor(rows["label"].to_pylist(), dtype=torch.int64)
    total = torch.zeros(len(labels), len(class_names))
    agreeing = torch.zeros(len(labels))
    read = np.zeros(len(labels), dtype=bool)
    for network in networks:
        places, found = _probabilities(images, rows, network, work)
        total[places] += found
        agreeing[places] += (found.argmax(dim=1) == labels[places]).float()
        read[places.numpy()] = True
    made = verdict(total / len(networks), agreeing / len(networks), labels)
    facts = {"classifiers": [network.weights_sha256 for network in networks]}
    return {name: _column(name, made, read) for name in CLASSIFIED}, facts


def with_columns(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Return a table of scores with these columns in place of its own."""
    schema = SCHEMAS["scores"]
    for name, column in columns.items():
        place = schema.get_field_index(name)
        table = table.set_column(place, schema.field(name), column)
    return table


def _probabilities(
    images: Path, rows: pa.Table, network: TrainedModel, work: Work
) -> tuple[Tensor, Tensor]:
    """Return places of the n images that can be read, and their probabilities (n, C)."""
    ok = np.flatnonzero(np.array(rows["status"].to_pylist()) == STATUS_OK)
    parts = list(classify(_payloads(images), len(ok), network, work, key="scores.device"))
    reasons = [reason for part in parts for reason in part.reasons]
    places = [int(place) for place, reason in zip(ok, reasons, strict=True) if reason is None]
    found = [torch.empty(0, len(network.class_names)), *(part.probabilities for part in parts)]
    return torch.tensor(places, dtype=torch.int64), torch.cat(found)


def _payloads(images: Path) -> Iterator[tuple[str, Payload]]:
    """Yield the images that did not fail, a row group of them in memory at a time."""
    for group in manifest.read_groups(images, "images", columns=["id", "image", "status"]):
        for row in group.to_pylist():
            if row["status"] == STATUS_OK:
                image = row["image"] or {"bytes": None, "path": None}
                path = Path(image["path"]) if image["path"] else None
                yield row["id"], Payload(data=image["bytes"], path=path)


def _column(name: str, made: Mapping[str, Tensor], read: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(made[name].numpy(), SCHEMAS["scores"].field(name).type, mask=~read)
