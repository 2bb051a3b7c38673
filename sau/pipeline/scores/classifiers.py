"""What networks that were trained on the long tail say of synthetic images: the learner's word."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from sau.assets.classify import Work, classify
from sau.assets.trained_model import TrainedModel
from sau.assets.trained_on import RealImages, check_trained_on
from sau.engine.backbone_names import distributions_of
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.verdict import verdict
from sau.sources.record import Payload
from sau.storage import manifest
from sau.storage.manifest.reading import read_record
from sau.storage.manifest.schemas import CLASSIFIED, SCHEMAS, STATUS_OK

KEY = "scores.classifiers"

log = logging.getLogger(__name__)


class Classifiers(NamedTuple):
    """Networks that are asked about a shard, at least one."""

    networks: list[TrainedModel]

    @classmethod
    def load(cls, folders: Sequence[str], real: RealImages, validation: Sequence[Path]) -> Self:
        """Load networks that were trained on the tail.

        Args:
            folders: that the training stage wrote.
            real: the real training images, with which the networks must have been trained, and no
                others; and all classes.
            validation: manifests of what the run holds out; a network that was trained on some of
                them is warned of.

        Raises:
            UserError: no such network, one of other classes, or one that may have seen the test
                images.
        """
        networks = [TrainedModel.load(Path(folder), KEY) for folder in folders]
        held_out = {read_record(path).content_sha256 for path in validation}
        for network in networks:
            where = f"{KEY}: {network.folder}"
            check_trained_on(where, network.class_names, network.provenance, real)
            if not held_out <= set(network.provenance["inputs"].get("validation", [])):
                log.warning(
                    "%s: its run did not hold out the validation images of every tail of this "
                    "one, so it may have been trained on some; they do not tell whether its word "
                    "helps",
                    where,
                )
        return cls(networks)

    @property
    def facts(self) -> dict[str, Any]:
        """What is to be recorded of them: `classifiers`, a SHA-256 of the weights of each."""
        return {"classifiers": [network.weights_sha256 for network in self.networks]}

    @property
    def libraries(self) -> list[str]:
        """Packages that they need."""
        backbones = {network.network.config.backbone for network in self.networks}
        return sorted({name for backbone in backbones for name in distributions_of(backbone)})

    def classify(self, images: Path, rows: pa.Table, s: ScoresSettings) -> dict[str, pa.Array]:
        """Ask them about the images of a shard.

        Args:
            images: the shard, a manifest of synthetic images.
            rows: its rows without their images: id, label and status.
            s: the section `scores`.

        Returns: the columns of `CLASSIFIED`, with a value for each image that can be read, else
            null.

        Raises:
            UserError: no such device.
        """
        work = Work(batch_size=s.batch_size, threads=s.threads, device=s.device)
        labels = torch.tensor(rows["label"].to_pylist(), dtype=torch.int64)
        total = torch.zeros(len(labels), len(self.networks[0].class_names))
        agreeing = torch.zeros(len(labels))
        read = np.zeros(len(labels), dtype=bool)
        for network in self.networks:
            for places, found in _probabilities(images, rows, network, work):
                total[places] += found
                agreeing[places] += (found.argmax(dim=1) == labels[places]).float()
                read[places.numpy()] = True
        count = len(self.networks)
        made = verdict(total.div_(count), agreeing / count, labels)
        return {name: _column(name, made, read) for name in CLASSIFIED}


def with_columns(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Return a table of scores with these columns in place of its own."""
    schema = SCHEMAS["scores"]
    for name, column in columns.items():
        place = schema.get_field_index(name)
        table = table.set_column(place, schema.field(name), column)
    return table


def _probabilities(
    images: Path, rows: pa.Table, network: TrainedModel, work: Work
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield places of images that can be read, n at a time, and their probabilities (n, C)."""
    ok = np.flatnonzero(np.array(rows["status"].to_pylist()) == STATUS_OK)
    places = iter(ok.tolist())
    for part in classify(_payloads(images), len(ok), network, work, key="scores.device"):
        asked = islice(places, len(part.reasons))
        read = [place for place, reason in zip(asked, part.reasons, strict=True) if reason is None]
        yield torch.tensor(read, dtype=torch.int64), part.probabilities


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
