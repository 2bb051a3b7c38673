"""The images stage: one shard of synthetic images."""

from pathlib import Path

import pyarrow as pa

from sau import manifest
from sau.errors import UserError
from sau.images.settings import ImagesSettings
from sau.images.shards import shard_bounds
from sau.provenance import provenance
from sau.shipped import model_folder, weights_sha256

_LIBRARIES = ("torch", "diffusers", "transformers", "pillow")


def images(
    train_images: Path,
    output: Path,
    *,
    shard: int,
    prompts: Path | None = None,
    settings: ImagesSettings,
) -> None:
    """Generate or import one shard of synthetic images.

    Args:
        train_images: manifest of the real training images; only its class names are read.
        output: manifest of images, one row for each prompt or imported file of the shard.
        shard: which of the `settings.shards` shards, from 0.
        prompts: manifest of prompts; read unless the images are imported.
        settings: the section `images`.

    Raises:
        UserError: a shard out of range, no prompts to generate from, a model that is not there.
    """
    if not 0 <= shard < settings.shards:
        raise UserError(f"--shard: {shard} must be from 0 to {settings.shards - 1} (images.shards)")
    class_names = manifest.read_facts(train_images, "images", "class_names")["class_names"]
    facts = {"class_names": class_names, "shard": shard}
    if settings.source == "imported":
        from sau.images.imported import import_shard

        table = import_shard(settings, class_names, shard, settings.shards)
        record = provenance("images", settings, {}, ("pillow",), **facts)
    else:
        if prompts is None:
            raise UserError("--prompts: missing, but images.source glide generates from prompts")
        table = _generate(prompts, shard, settings)
        facts["weights_sha256"] = weights_sha256(model_folder(settings.model, "images.model"))
        if settings.upsampler:
            folder = model_folder(settings.upsampler, "images.upsampler")
            facts["upsampler_sha256"] = weights_sha256(folder)
        record = provenance("images", settings, {"prompts": prompts}, _LIBRARIES, **facts)
    manifest.write(output, "images", table, record)


def _generate(prompts: Path, shard: int, settings: ImagesSettings) -> pa.Table:
    from sau.images.generate import generate

    rows = manifest.read(prompts, "prompts")
    start, stop = shard_bounds(rows.num_rows, shard, settings.shards)
    return generate(rows.slice(start, stop - start), settings)
