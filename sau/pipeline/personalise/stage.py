"""The personalise stage: what the generator learns of each class."""

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sau.core.errors import UserError
from sau.pipeline.common_members import common_members
from sau.pipeline.encoded_images import EncodedImages
from sau.pipeline.personalise.settings import PersonaliseSettings
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

_LIBRARIES = ("torch", "diffusers", "transformers", "peft", "pillow")

KEY = "images.model"
"""The setting that names the model."""

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
    model: str,
    revision: str = "",
    settings: PersonaliseSettings,
) -> None:
    """Learn an embedding or LoRA weights for each class of a shard, from its training images.

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
    _learn(images, tails, output, classes, (model, revision), settings, facts)


class _Class(NamedTuple):
    """A class: its words, and ids and hashes of the images to learn from."""

    words: Words
    members: list[str]
    hashes: list[str]

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"{quote(self.words.key, safe=' ')}.safetensors"


def _learn(
    images: EncodedImages,
    tails: list[Path],
    output: Path,
    classes: list[_Class],
    named: tuple[str, str],
    settings: PersonaliseSettings,
    facts: dict[str, Any],
) -> None:
    from sau.assets.pipeline_folder import diffusers_folder
    from sau.assets.shipped import weights_sha256
    from sau.pipeline.personalise.learned_classes import LearnedClasses

    folder = diffusers_folder(*named, KEY)
    facts = facts | {
        "weights_sha256": weights_sha256(folder),
        "members_sha256": {one.words.key: one.hashes for one in classes},
        "words": {
            one.words.key: {"name": one.words.name, "article": one.words.article} for one in classes
        },
    }
    made = provenance("personalise", settings, {"tails": tails}, _LIBRARIES, **facts)
    learned = LearnedClasses(output)
    paths = [learned.file(one.words.key, _identity(one, settings, made)) for one in classes]
    missing = [
        (one, path) for one, path in zip(classes, paths, strict=True) if not learned.holds(path)
    ]
    if missing:
        _learn_each(folder, images, missing, settings, facts["shard"])
    with new_folder(output, replace=True) as written:
        for one, path in zip(classes, paths, strict=True):
            link_or_copy(path, written / one.file)
        files = {one.words.key: one.file for one in classes}
        write_record(written, SETTINGS[settings.method], files, named[0], made)
    for path in paths:
        learned.keep_only(path)


def _identity(one: _Class, settings: PersonaliseSettings, made: dict[str, Any]) -> str:
    """Return a hash of all that is learned of a class depends on."""
    how = {key: value for key, value in made["settings"].items() if key != "shards"}
    words = [one.words.key, one.words.name, one.words.text(settings.template)]
    by = [made[name] for name in ("code", "versions", "weights_sha256")]
    return hash_of_json([how, *by, *words, one.hashes])


def _learn_each(
    folder: Path,
    images: EncodedImages,
    classes: list[tuple[_Class, Path]],
    settings: PersonaliseSettings,
    shard: int,
) -> None:
    """Learn classes, each to a file."""
    from sau.core.progress import progress_in_batches
    from sau.device.gpus import reserved_device
    from sau.device.repeatable import repeatable
    from sau.pipeline.personalise.learn import learn_class
    from sau.pipeline.personalise.model import load_model

    total = len(classes) * settings.steps
    with (
        reserved_device(settings.device, "personalise.device", shard) as device,
        repeatable(settings.threads),
        progress_in_batches("personalise", total=total, unit="step") as on_steps,
    ):
        model = load_model(folder, device, KEY)
        for one, path in classes:
            pictures = [decode(images.data(name))[0] for name in one.members]
            learn_class(model, pictures, settings, one.words, path, on_steps)
