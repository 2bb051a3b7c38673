"""A network that the training stage has saved, with all that is needed to use it."""

import dataclasses
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import torch

from sau.assets.model_files import check_model_folder
from sau.core.errors import ArgumentError, UserError
from sau.engine.preprocessing import Preprocessing
from sau.networks import Network
from sau.networks.saved import CONFIG_FILE, WEIGHTS_FILE, WEIGHTS_HASH
from sau.storage.place import refuse_other_place
from sau.storage.weights import refuse_not_finite

_AGAIN = "it was saved by an earlier version, or without them: train it again"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A network in eval mode, and what is known of it.

    Attributes:
        folder: where it lies.
        network: on the CPU, with the precision of its training.
        class_names: C, in label order.
        preprocessing: what the network expects of images.
        provenance: how it was made; empty where nobody has recorded it.
        weights_sha256: of the file of weights, in hex.
    """

    folder: Path
    network: Network
    class_names: list[str]
    preprocessing: Preprocessing
    provenance: dict[str, Any]
    weights_sha256: str

    @classmethod
    def load(cls, folder: Path, key: str) -> Self:
        """Load a model that the training stage has written.

        Args:
            folder: with config.json and model.safetensors.
            key: the argument or setting that names it, for messages.

        Raises:
            UserError: no such folder, a file that is missing or not as it was written, a model
                of an earlier version, which lacks what is needed here, or one of another run.
        """
        check_there(folder, key)
        check_model_folder(folder, key)
        network = Network.from_pretrained(folder)
        config: dict[str, Any] = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        where = f"{key}: {folder / CONFIG_FILE}"
        refuse_other_run(folder, config.get("provenance", {}))
        missing = [name for name in ("class_names", "preprocessing") if name not in config]
        if missing:
            raise UserError(f"{where}: lacks {' and '.join(missing)}; {_AGAIN}")
        names, classes = config["class_names"], network.config.classes
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UserError(f"{where}: class_names: expected a list of {classes} class names")
        if len(names) != classes:
            raise UserError(f"{where}: {len(names)} class names for {classes} classes; {_AGAIN}")
        try:
            preprocessing = Preprocessing.from_json(config["preprocessing"])
        except ArgumentError as error:
            raise UserError(f"{where}: preprocessing: {error}; {_AGAIN}") from error
        refuse_not_finite(network, f"{key}: {folder / WEIGHTS_FILE}")
        network.precision = getattr(torch, preprocessing.precision)
        return cls(
            folder=folder,
            network=network,
            class_names=names,
            preprocessing=preprocessing,
            provenance=config.get("provenance", {}),
            weights_sha256=str(config[WEIGHTS_HASH]),
        )


def refuse_other_run(folder: Path, provenance: Any) -> None:
    """Refuse a model that lies in the folder of another run than its own.

    Args:
        folder: of the model, or of one of the same run's within it, such as `best_on_validation`.
        provenance: how it was made; anything where somebody has written it by hand.

    Raises:
        UserError: it lies where another one belongs, or beside predictions of another run.
    """
    if not isinstance(provenance, Mapping):
        return
    is_within = (folder.parent / CONFIG_FILE).is_file()
    place = folder.parent if is_within else folder
    refuse_other_place(place, provenance)
    beside = place.parent / "predictions.parquet"
    told = _told_by(beside)
    for fact in ("settings", "inputs"):
        if fact in told and fact in provenance and told[fact] != provenance[fact]:
            raise UserError(
                f"{place}: the {fact} of its training differ from those of {beside}; put the right "
                "folder back, or run the training stage again"
            )


def _told_by(predictions: Path) -> Mapping[str, Any]:
    """Return the provenance of what training predicted; nothing if none is there to be read."""
    if not predictions.is_file():
        return {}
    from sau.storage.manifest.reading import read_record  # pyarrow, which a lone model does without

    with suppress(UserError):  # whoever reads them says what is wrong; or they are of no run
        told = read_record(predictions).provenance
        return told if told.get("stage") == "training" else {}  # those of `sau evaluate` say less
    return {}


def check_there(folder: Path, key: str) -> None:
    """Refuse a folder that is missing or no model, with the one that was probably meant."""
    expected = f"expected a folder that the training stage wrote, with {CONFIG_FILE}"
    if not folder.is_dir():
        what = "a file" if folder.exists() else "no such folder"
        raise UserError(f"{key}: {folder}: {what}; {expected} and {WEIGHTS_FILE}")
    missing = [name for name in (CONFIG_FILE, WEIGHTS_FILE) if not (folder / name).is_file()]
    if missing:
        inside = folder / "model"
        hint = f"; did you mean {inside}?" if (inside / CONFIG_FILE).is_file() else f"; {expected}"
        raise UserError(f"{key}: {folder}: no {' and no '.join(missing)} in it{hint}")
