"""The personalise stage: what the generator learns of each class."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote

from sau.core.errors import UserError
from sau.pipeline.common_members import common_members
from sau.pipeline.encoded_images import EncodedImages
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalise.which_model import WhichModel
from sau.pipeline.personalise.words import Words, words_of
from sau.pipeline.personalised import write_record
from sau.sources.decode import decode
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Split, check_inputs
from sau.storage.folders import new_folder
from sau.storage.outputs import writes
from sau.storage.provenance import provenance
from sau.storage.reuse import link_or_copy
from sau.storage.sealed import hash_of_json

if TYPE_CHECKING:
    from PIL import Image

log = logging.getLogger(__name__)

_LIBRARIES = ("torch", "diffusers", "transformers", "peft", "pillow")

ALL_CLASSES = "all classes"
"""What weights are called that all classes share."""

SETTINGS = {"textual-inversion": "embedding", "lora": "lora"}
"""Which setting of the section `images` loads what a method has learned."""

BELONGING = (
    Split("train_images", "training"),
    Split("tails", "training"),
    Agree(("class_names",), ("train_images", "prompts", "tails")),
    Link("tails", "train_images", "train_images"),
)


@writes("output")
def personalise(
    train_images: Path,
    tails: list[Path],
    prompts: Path,
    output: Path,
    *,
    shard: int,
    source: Literal["glide", "diffusers"],
    model: str,
    revision: str = "",
    settings: PersonaliseSettings,
) -> None:
    """Learn an embedding or LoRA weights for each class of a shard, from its training images.

    Or LoRA weights for all classes together (`settings.lora_for`).

    Only images that are members of all tails are learned from. Files of finished classes, and the
    checkpoint of the one that is learned, stand in the folder `classes.reuse` beside the output.
    The same call goes on from there after it was killed, to the same bytes on a CPU; and a class is
    taken from there, whatever shard it is in now, as long as nothing that it depends on changes.

    Args:
        train_images: manifest of the real training images.
        tails: manifests of members, the real training images of every tail that is trained on.
        prompts: manifest of prompts, which says what they call each class; their texts are not
            read.
        output: folder to write: a safetensors file for each class, and their record.
        shard: which of the `settings.shards` shards, from 0; the classes take turns.
        source: kind of the model.
        model: that learns: a folder, tiny-glide, or of diffusers a name on the Hugging Face Hub.
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
    check_inputs({"train_images": train_images, "prompts": prompts, "tails": tails}, *BELONGING)
    names = manifest.read_facts(train_images, "images", "class_names")["class_names"]
    wanted_by = f"personalise.method: {settings.method}"
    members = common_members(tails, range(len(names)), names, wanted_by)
    words = words_of(prompts, names)
    own = [label for label in members if label % settings.shards == shard]
    wanted = [name for label in own for name in members[label]]
    images = EncodedImages(train_images, wanted, output.absolute().parent)
    classes = [
        _Class(words[label], members[label], [images.sha256[name] for name in members[label]])
        for label in own
    ]
    facts = {"class_names": names, "shard": shard}
    _learn(images, tails, output, classes, WhichModel(source, model, revision), settings, facts)


class _Class(NamedTuple):
    """A class: its words, and ids and hashes of the images to learn from."""

    words: Words
    members: list[str]
    hashes: list[str]


class _Unit(NamedTuple):
    """What is learned at once: a class, or all of them."""

    key: str
    classes: list[_Class]

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"{quote(self.key, safe=' ')}.safetensors"


def _learn(
    images: EncodedImages,
    tails: list[Path],
    output: Path,
    classes: list[_Class],
    model: WhichModel,
    settings: PersonaliseSettings,
    facts: dict[str, Any],
) -> None:
    from sau.assets.shipped import weights_sha256
    from sau.pipeline.personalise.learned_classes import LearnedClasses

    folder = model.folder()
    facts = facts | {
        "weights_sha256": weights_sha256(folder),
        "members_sha256": {one.words.key: one.hashes for one in classes},
        "words": {
            one.words.key: {"name": one.words.name, "article": one.words.article} for one in classes
        },
    }
    made = provenance("personalise", settings, {"tails": tails}, _LIBRARIES, **facts)
    learned = LearnedClasses(output)
    units = _units(classes, settings)
    paths = [learned.file(one.key, _identity(one, settings, made)) for one in units]
    missing = [
        (one, path) for one, path in zip(units, paths, strict=True) if not learned.holds(path)
    ]
    log.info("%d of %d are learned already", len(units) - len(missing), len(units))
    if missing:
        _learn_each(model, folder, images, missing, settings, facts["shard"])
    with new_folder(output, replace=True) as written:
        for one, path in zip(units, paths, strict=True):
            link_or_copy(path, written / one.file)
        files = {own.words.key: one.file for one in units for own in one.classes}
        write_record(written, SETTINGS[settings.method], files, model.name, made)
    for path in paths:
        learned.keep_only(path)


def _units(classes: list[_Class], settings: PersonaliseSettings) -> list[_Unit]:
    """Return what is learned of classes, each by itself or all at once."""
    if settings.learns_together():
        return [_Unit(ALL_CLASSES, classes)]
    return [_Unit(one.words.key, [one]) for one in classes]


def _identity(one: _Unit, settings: PersonaliseSettings, made: dict[str, Any]) -> str:
    """Return a hash of all that what is learned depends on."""
    how = {key: value for key, value in made["settings"].items() if key != "shards"}
    seen = [
        [own.words.key, own.words.name, own.words.text(settings.template), own.hashes]
        for own in one.classes
    ]
    by = [made[name] for name in ("code", "versions", "weights_sha256")]
    return hash_of_json([how, *by, one.key, seen])


def _learn_each(
    model: WhichModel,
    folder: Path,
    images: EncodedImages,
    units: list[tuple[_Unit, Path]],
    settings: PersonaliseSettings,
    shard: int,
) -> None:
    """Learn of classes, each unit to a file."""
    from sau.core.progress import progress_in_batches
    from sau.device.gpus import reserved_device
    from sau.device.repeatable import repeatable
    from sau.pipeline.personalise.learn import Subject, learn

    total = len(units) * settings.steps
    with (
        reserved_device(settings.device, "personalise.device", shard) as device,
        repeatable(settings.threads),
        progress_in_batches("personalise", total=total, unit="step") as on_steps,
    ):
        network = model.load(folder, device)
        for one, path in units:
            subjects = [
                Subject(own.words, [_picture(images, name) for name in own.members])
                for own in one.classes
            ]
            learn(network, subjects, settings, one.key, path, on_steps)


def _picture(images: EncodedImages, name: str) -> Callable[[], "Image.Image"]:
    """Return what decodes an image."""
    return lambda: decode(images.data(name))[0]
