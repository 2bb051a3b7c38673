"""The personalise stage: what the generator learns of each class."""

import hashlib
import shutil
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sau.core.errors import UserError
from sau.pipeline.common_members import common_members
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalised import write_record
from sau.sources.decode import bytes_of, decode
from sau.sources.naming import distinct_names
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Split, check_inputs
from sau.storage.folders import new_folder
from sau.storage.outputs import writes
from sau.storage.provenance import identity_of, provenance
from sau.storage.reuse import ReusableResults, reuse_folder
from sau.storage.sealed import hash_of_json

_LIBRARIES = ("torch", "diffusers", "transformers", "peft", "pillow")
_STORED = "classes"

KEY = "images.model"
"""The setting that names the model."""

SETTINGS = {"textual-inversion": "embedding", "lora": "lora"}
"""Which setting of the section `images` loads what a method has learned."""

BELONGING = (
    Split("train_images", "training"),
    Split("tails", "training"),
    Agree(("class_names",), ("train_images", "tails")),
    Link("tails", "train_images", "train_images"),
)


@writes("output")
def personalise(
    train_images: Path,
    tails: list[Path],
    output: Path,
    *,
    shard: int,
    model: str,
    revision: str = "",
    settings: PersonaliseSettings,
) -> None:
    """Learn an embedding or LoRA weights for each class of a shard, from its training images.

    Only images that are members of all tails are learned from. Files of finished classes, and the
    checkpoint of the one that is learned, wait in a folder beside the output, called as it is with
    `.learning` at the end. The same call goes on from there after it was killed, to the same bytes
    on a CPU, and removes it at its end.

    Args:
        train_images: manifest of the real training images.
        tails: manifests of members, the real training images of every tail that is trained on.
        output: folder to write: a safetensors file for each class, and their record.
        shard: which of the `settings.shards` shards, from 0; the classes take turns.
        model: whose class is learned: a folder, or a name on the Hugging Face Hub.
        revision: of the latter.
        settings: the section `personalise`.

    Raises:
        UserError: nothing is to be learned, a shard out of range, a class without a member in all
            tails, or a model that is missing or of another kind.
    """
    if settings.method == "none":
        raise UserError(
            "personalise.method: none, so nothing is learned; set it to textual-inversion or lora"
        )
    if not 0 <= shard < settings.shards:
        raise UserError(
            f"--shard: {shard} must be from 0 to {settings.shards - 1} (personalise.shards)"
        )
    check_inputs({"train_images": train_images, "tails": tails}, *BELONGING)
    names = manifest.read_facts(train_images, "images", "class_names")["class_names"]
    wanted_by = f"personalise.method: {settings.method}"
    members = common_members(tails, range(len(names)), names, wanted_by)
    keys = distinct_names(names)
    classes = [
        _Class(names[label], keys[label], ids)
        for label, ids in members.items()
        if label % settings.shards == shard
    ]
    facts = {"class_names": names, "shard": shard}
    _learn(train_images, tails, output, classes, (model, revision), settings, facts)


class _Class(NamedTuple):
    """A class: as its text has it, unlike any other, and the ids of the images to learn from."""

    name: str
    key: str
    members: list[str]

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"{quote(self.key, safe=' ')}.safetensors"


def _learn(
    train_images: Path,
    tails: list[Path],
    output: Path,
    classes: list[_Class],
    named: tuple[str, str],
    settings: PersonaliseSettings,
    facts: dict[str, Any],
) -> None:
    from sau.assets.pipeline_folder import diffusers_folder
    from sau.assets.shipped import weights_sha256

    folder = diffusers_folder(*named, KEY)
    common = facts | {"weights_sha256": weights_sha256(folder)}
    images = {one.key: _hashes(train_images, one.members) for one in classes}
    facts = common | {"members_sha256": images}
    made = provenance("personalise", settings, {"tails": tails}, _LIBRARIES, **facts)
    stored = ReusableResults(reuse_folder(output), identity_of(made))
    waiting = output.with_name(f"{output.name}.learning")
    if stored.holds():
        shutil.rmtree(output, ignore_errors=True)
        stored.take_back({_STORED: output})
        shutil.rmtree(waiting, ignore_errors=True)
        return
    how = [*(made[name] for name in ("settings", "code", "versions")), facts["weights_sha256"]]
    ready = [
        waiting / f"{hash_of_json([*how, one.key, images[one.key]])}.safetensors" for one in classes
    ]
    _learn_each(folder, train_images, classes, ready, settings, facts["shard"])
    with new_folder(output, replace=True) as written:
        for one, path in zip(classes, ready, strict=True):
            shutil.copyfile(path, written / one.file)
        files = {one.key: one.file for one in classes}
        write_record(written, SETTINGS[settings.method], files, named[0], made)
    stored.store({_STORED: output})
    shutil.rmtree(waiting, ignore_errors=True)


def _learn_each(
    folder: Path,
    train_images: Path,
    classes: list[_Class],
    ready: list[Path],
    settings: PersonaliseSettings,
    shard: int,
) -> None:
    """Learn the classes whose files are not there yet."""
    from sau.core.progress import progress_in_batches
    from sau.device.gpus import reserved_device
    from sau.device.repeatable import repeatable
    from sau.pipeline.personalise.learn import learn_class
    from sau.pipeline.personalise.model import load_model

    with (
        reserved_device(settings.device, "personalise.device", shard) as device,
        repeatable(settings.threads),
        progress_in_batches(
            "personalise", total=len(classes) * settings.steps, unit="step"
        ) as on_steps,
    ):
        model = load_model(folder, device, KEY)
        for one, path in zip(classes, ready, strict=True):
            if path.is_file():
                on_steps(settings.steps)
                continue
            pictures = [decode(data)[0] for data in _encoded(train_images, one.members)]
            learn_class(model, pictures, settings, (one.name, one.key), path, on_steps)


def _hashes(train_images: Path, ids: list[str]) -> list[str]:
    return [hashlib.sha256(data).hexdigest() for data in _encoded(train_images, ids)]


def _encoded(train_images: Path, ids: list[str]) -> list[bytes]:
    """Return the encoded bytes of some training images, in their order."""
    rows = manifest.read_rows([train_images], "images", ids, columns=["id", "image"])
    return [bytes_of(rows[name]["image"]["bytes"], rows[name]["image"]["path"]) for name in ids]
