"""The command `sau publish images`."""

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

import sau
from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.folders import check_place, new_folder
from sau.storage.regular import read_regular
from sau.tools.kept_images import Found, find_kept
from sau.tools.publish_images.card import Card, card_text
from sau.tools.publish_images.counts import count_classes
from sau.tools.publish_images.features import schema_of
from sau.tools.publish_images.generators import generators_of
from sau.tools.publish_images.hub import Hub
from sau.tools.publish_images.licences import IMPORTED, read_licences
from sau.tools.publish_images.rows import content_of, has_imported, read_rows
from sau.tools.publish_images.shards import FOLDER, write_shards

log = logging.getLogger(__name__)

RECORD = "provenance.json"
_MADE_BY = "sau publish images"
_MOST_BYTES = 2**24


def publish_images(
    results: Path,
    /,
    *,
    output: Path,
    title: str = "",
    licence: str = "",
    generator_licence: list[str] | None = None,
    replace: bool = False,
    push: str = "",
    private: bool = False,
) -> None:
    """Write the images that the filter kept as a data set that `load_dataset` opens.

    The folder has Parquet shards and a data card, as Hugging Face's Hub shows them; it appears when
    all of it is written.

    Args:
        results: results folder of a run with synthetic images.
        output: folder to write; must not be there, or be empty, unless --replace.
        title: of the set, for the card; default: after the data set of the real images.
        licence: of the set, for the card, such as cc-by-4.0.
        generator_licence: of what drew the images: one for all generators, or NAME=LICENCE for
            each; of images that were imported: imported=LICENCE.
        replace: whether a folder that this command wrote before is replaced.
        push: repository on the Hub to upload to, such as user/name; the token is that of the
            environment variable HF_TOKEN. Empty: none.
        private: whether a repository that is made for it is private.

    Raises:
        UserError: no kept images in the results, a licence of what made none of them, an output
            folder with something else in it, or a Hub that cannot be reached or refuses the upload.
    """
    if private and not push:
        raise UserError("--private: without --push there is no repository; leave it out")
    check_place(output, replace=replace and _is_ours(output))
    found = find_kept(results)
    generators = generators_of(found)
    names = list(dict.fromkeys(one.name for one in generators))
    licences = read_licences(generator_licence or [], names, imported=has_imported(found))
    hub = Hub(push) if push else None  # before the work, which may take an hour
    with new_folder(output, replace=replace) as folder:
        rows = read_rows(found, generators, licences, output.absolute().parent)
        uncompressed = write_shards(rows, schema_of(found.class_names), folder)
        stored = sum(file.stat().st_size for file in (folder / FOLDER).iterdir())
        card = Card(
            title=title or f"Synthetic images for {_dataset(results)}",
            dataset=_dataset(results),
            licence=licence,
            class_names=found.class_names,
            classes=count_classes(found),
            generators=generators,
            licences=licences,
            imported=pc.sum(pc.equal(rows["generator"], IMPORTED)).as_py(),
            filter_settings=_filter_settings(found),
            images=rows.num_rows,
            uncompressed=uncompressed,
            stored=stored,
            content_sha256=content_of(rows),
        )
        (folder / "README.md").write_text(card_text(card), encoding="utf-8")
        record = json.dumps(_record(found, card), indent=2, ensure_ascii=False, sort_keys=True)
        (folder / RECORD).write_text(record + "\n", encoding="utf-8")
    log.info("%s: %d images of %d classes", output, card.images, len(found.class_names))
    if hub is not None:
        log.info("%s: %s", push, hub.push(output, private=private))


def _is_ours(folder: Path) -> bool:
    """Return whether this command wrote a folder."""
    try:
        record = json.loads(read_regular(folder / RECORD, _MOST_BYTES))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("made_by") == _MADE_BY


def _dataset(results: Path) -> str:
    """Return what the real images are called, if they are there."""
    train = results / "dataset" / "train.parquet"
    if not train.is_file():
        return "images of a long tail"
    return str(manifest.read_facts(train, "images", "dataset")["dataset"])


def _filter_settings(found: Found) -> dict[str, Any]:
    """Return what the filter asked for, with the hash of a file in place of its path here."""
    made = found.provenance(found.kept)
    settings = dict(made.get("settings", {}))
    if settings.get("influence"):
        settings["influence"] = ", ".join(made.get("inputs", {}).get("influence", ["of a file"]))
    return settings


def _record(found: Found, card: Card) -> dict[str, Any]:
    """Return what is recorded of the making: no time, host or folder, so that bytes repeat."""
    made = found.provenance(found.kept)
    return {
        "made_by": _MADE_BY,
        "sau": sau.__version__,
        "content_sha256": card.content_sha256,
        "images": card.images,
        "class_names": list(card.class_names),
        "generators": [
            dataclasses.asdict(one) | {"licence": card.licence_of(one)} for one in card.generators
        ],
        "filter": card.filter_settings,
        "rejected": made.get("rejected", {}),
        "inputs": {
            "kept": [manifest.hash_of([found.kept])],
            "scores": [manifest.hash_of([path]) for path in found.scores],
            "images": [manifest.hash_of([path]) for path in found.images],
        },
    }
