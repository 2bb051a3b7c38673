"""The images stage: one shard of synthetic images."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.images.setting_checks import check_lora_scale
from sau.pipeline.images.settings import ImagesSettings
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Split, check_inputs
from sau.storage.outputs import writes
from sau.storage.provenance import identity_of, provenance
from sau.storage.reuse import ReusableResults, reuse_folder
from sau.storage.sealed import hash_of_json

if TYPE_CHECKING:
    from sau.pipeline.images.beside import Beside
    from sau.pipeline.images.load import Weights

log = logging.getLogger(__name__)

_LIBRARIES = ("torch", "diffusers", "transformers", "peft", "pillow")

PROMPT_COLUMNS = ["id", "label", "class_name", "prompt"]
"""What a picture is drawn from."""

BELONGING = (
    Split("train_images", "training"),
    Split("tails", "training"),
    Agree(("class_names",), ("train_images", "prompts", "draws", "tails")),
    Link("draws", "kept.scores.images.prompts", "prompts"),
    Link("tails", "train_images", "train_images"),
)


@writes("output")
def images(
    train_images: Path,
    output: Path,
    *,
    shard: int,
    prompts: Path | None = None,
    draws: Path | None = None,
    tails: list[Path] | None = None,
    personalised: list[Path] | None = None,
    settings: ImagesSettings,
) -> None:
    """Generate or import one shard of synthetic images.

    Finished batches wait in a folder beside the output, called as it is with `.batches` at the end.
    The same call goes on from there after it was killed, and removes the folder at its end. The
    shard itself has a second name in a folder that ends in `.reuse`; a call that would draw the
    same once more takes it from there.

    Args:
        train_images: manifest of the real training images; only its class names are read, and the
            images that others start from.
        output: manifest of images, one row for each prompt or imported file of the shard.
        shard: which of the `settings.shards` shards, from 0; those of a later round count on.
        prompts: manifest of prompts; read unless the images are imported.
        draws: what the shard's round draws of each class; without it each prompt is drawn once.
        tails: manifests of members, the real training images of every tail that is trained on;
            with images.guide real, pictures start from those images that are in all of them.
        personalised: folders of the personalise stage, of all classes; they are drawn with what was
            learned of them.
        settings: the section `images`.

    Raises:
        UserError: a shard out of range, no prompts to generate from, a model that is not there,
            tails where none are wanted, none where they are, or nothing in common to them; what
            `with_learned` raises.
    """
    if settings.source == "none":
        raise UserError(
            "images.source: none, so there are no images; set it to glide, diffusers or imported"
        )
    if shard < 0 or (shard >= settings.shards and draws is None):
        raise UserError(f"--shard: {shard} must be from 0 to {settings.shards - 1} (images.shards)")
    if tails and not settings.is_guided():
        raise UserError("--tails: given, but images.guide is none, so nothing starts from them")
    inputs: dict[str, Any] = {"prompts": prompts} if prompts else {}
    inputs |= ({"draws": draws} if draws else {}) | ({"tails": tails} if tails else {})
    check_inputs({"train_images": train_images, **inputs}, *BELONGING)
    class_names = manifest.read_facts(train_images, "images", "class_names")["class_names"]
    facts = {"class_names": class_names, "shard": shard, "split": "synthetic"}
    if settings.source == "imported":
        from sau.pipeline.images.imported import import_shard

        shards = settings.shards
        table = import_shard(settings, class_names, shard, shards, spool_in=output.parent)
        record = provenance("images", settings, {}, ("pillow",), **facts)
        manifest.write(output, "images", table, record)
        shutil.rmtree(reuse_folder(output), ignore_errors=True)  # of images drawn before
    elif prompts is None:
        source = settings.source
        raise UserError(f"--prompts: missing, but images.source {source} generates from prompts")
    else:
        _generate(train_images, inputs, personalised or [], output, shard, settings, facts)


def _generate(
    train_images: Path,
    inputs: dict[str, Any],
    personalised: list[Path],
    output: Path,
    shard: int,
    settings: ImagesSettings,
    facts: dict[str, Any],
) -> None:
    from sau.assets.unseen_classes import warn_of_unseen_classes
    from sau.device.gpus import reserved_device
    from sau.pipeline.images.beside import import_beside, list_beside, of_each_class
    from sau.pipeline.images.disk import DiskEstimate
    from sau.pipeline.images.drawn_before import STORED, drawn_before
    from sau.pipeline.images.finished import FinishedBatches
    from sau.pipeline.images.generate import generate, groups_of
    from sau.pipeline.images.guides import guides_in
    from sau.pipeline.images.learned import with_learned
    from sau.pipeline.images.load import Weights
    from sau.pipeline.images.per_class import settings_by_label, warn_of_people
    from sau.pipeline.images.rows import tasks_of
    from sau.pipeline.images.wanted import Wanted
    from sau.pipeline.personalised import learned_of, refuse_learned_elsewhere

    names, shards = facts["class_names"], settings.shards
    beside = list_beside(settings, names)
    imported = import_beside(beside, settings, names, shard % shards, spool_in=output.parent)
    rows = _rows_of_shard(inputs, beside, names, shard % shards, shards)
    as_set, weights = settings_by_label(settings, names), Weights()
    refuse_learned_elsewhere(personalised, train_images)
    learned = learned_of(personalised)
    check_lora_scale(settings, learned=any(one.key == "lora" for one in learned.values()))
    by_label = with_learned(as_set, learned, names, settings, weights.of_model)
    taught = {label for label in by_label if by_label[label] != as_set[label]}
    guides = guides_in(train_images, inputs.get("tails", []), by_label, names, output.parent)
    tasks = guides.given_to(tasks_of(rows, settings), names, settings.seed)
    warn_of_people({task.label for task in tasks}, names, by_label)
    warn_of_unseen_classes("images", ((by_label[r["label"]].model, r["class_name"]) for r in rows))
    if imported.num_rows:
        facts["imported_sha256"] = manifest.content_hash(imported)
        facts["imported_counts"] = of_each_class(beside, names)
    if settings.is_guided():
        facts["guides_sha256"] = hash_of_json([task.guide_sha256 for task in tasks])
    if taught:
        facts["personalise"] = dict(next(iter(learned.values())).settings)
    record = provenance("images", settings, inputs, _LIBRARIES, **facts)
    drawn_as: dict[int, str] = {}
    record["generators"] = []
    for shared, own in groups_of(tasks, by_label):
        labels = sorted({task.label for task in own})
        words = sorted({task.class_name for task in own})
        made = _generator(shared, [names[label] for label in labels], words, weights, record)
        made |= {"personalised": True} if taught.issuperset(labels) else {}
        drawn_as |= dict.fromkeys(labels, made["drawn_as"])
        record["generators"].append(made)
    identity = identity_of(record)
    stored, batches = (
        ReusableResults(reuse_folder(output), identity),
        output.with_suffix(".batches"),
    )
    if stored.holds():
        stored.take_back({STORED: output})
        shutil.rmtree(batches, ignore_errors=True)
        return
    wanted = Wanted(tasks, drawn_as)
    finished = FinishedBatches(batches, wanted)
    for earlier in drawn_before(output, shard, shards, wanted.without(finished.ids())):
        log.info("%d of %d images were drawn before", earlier.num_rows, len(tasks))
        finished.take(earlier)
    estimate = DiskEstimate(output.parent, len(tasks), shard % shards, shards)
    with reserved_device(settings.device, "images.device", shard) as device:
        table = generate(tasks, by_label, finished, device, estimate.see, guides.pictures)
    manifest.write(output, "images", pa.concat_tables([imported, table]), record)
    stored.store({STORED: output})
    finished.remove()


def _generator(
    settings: ImagesSettings,
    classes: list[str],
    words: list[str],
    weights: "Weights",
    record: dict[str, Any],
) -> dict[str, Any]:
    """Return what a shard's provenance says of one of its generators."""
    from sau.pipeline.images.load import is_on_hub
    from sau.pipeline.images.own_files import KEYS
    from sau.pipeline.images.wanted import identity_of_pictures
    from sau.pipeline.personalised import is_learned

    digests = weights.of(settings)
    how = identity_of_pictures(settings, digests, record, words)
    on_hub = {"on_hub": True} if is_on_hub(settings) else {}
    learned = [key for key in KEYS if (name := getattr(settings, key)) and is_learned(Path(name))]
    files = {"learned_files": learned} if learned else {}
    named = {"source": settings.source, "model": settings.model}
    return {"classes": classes, **named, **digests, **on_hub, **files, "drawn_as": how}


def _rows_of_shard(
    inputs: dict[str, Any], beside: "Beside", class_names: list[str], shard: int, shards: int
) -> list[dict[str, Any]]:
    """Return the rows of prompts that a shard draws: each once, or as its round has it."""
    from sau.pipeline.images.rounds import rows_to_draw

    path = inputs["prompts"]
    labels = manifest.read(path, "prompts", columns=["label"])["label"]
    manifest.check_labels(path, labels, class_names)

    def read(places: Sequence[int]) -> list[dict[str, Any]]:
        return manifest.read_places(path, "prompts", places, columns=PROMPT_COLUMNS)

    counts = manifest.read(inputs["draws"], "draws").to_pylist() if "draws" in inputs else None
    return rows_to_draw(
        labels.to_numpy().astype(np.int64), read, counts, beside, class_names, shard, shards
    )
