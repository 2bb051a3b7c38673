"""The scores stage: one shard of images."""

import math
from pathlib import Path
from typing import Any

import pyarrow as pa

from sau import manifest
from sau.manifest.schemas import STATUS_FAILED, STATUS_OK, STATUS_UNSCORED
from sau.progress import progress
from sau.prompts.templates import fill
from sau.provenance import provenance
from sau.scores.settings import ScoresSettings
from sau.shipped import SHIPPED, model_folder, weights_sha256


def scores(images: Path, output: Path, *, settings: ScoresSettings) -> None:
    """Score one shard of images against their texts with CLIP.

    Args:
        images: one shard of the synthetic images.
        output: manifest of scores, one row for each image; decisions are made elsewhere.
        settings: the section `scores`.
    """
    class_names = manifest.read_facts(images, "images", "class_names")["class_names"]
    table = manifest.read(images, "images")
    manifest.check_labels(images, table["label"], class_names)
    rows = table.to_pylist()
    scored = [_unscored(row) for row in rows]
    if settings.scorer == "open_clip" and rows:
        texts = [_text(row, class_names, settings) for row in rows]
        _score(rows, texts, scored, settings)
    libraries = ("torch", "open_clip_torch", "pillow") if settings.scorer != "none" else ()
    manifest.write(
        output,
        "scores",
        pa.Table.from_pylist(scored, schema=manifest.SCHEMAS["scores"]),
        provenance("scores", settings, {"images": images}, libraries, **_weights(settings)),
    )


def _weights(settings: ScoresSettings) -> dict[str, str]:
    """Return what tells the scorer's weights apart, where they are files of ours to read."""
    local = settings.model in SHIPPED or Path(settings.model).is_dir()
    if settings.scorer == "none" or not local:
        return {}
    return {"weights_sha256": weights_sha256(model_folder(settings.model, "scores.model"))}


def _unscored(row: dict[str, Any]) -> dict[str, Any]:
    failed = row["status"] != STATUS_OK
    return {
        "id": row["id"],
        "label": row["label"],
        "score": None,
        "status": STATUS_FAILED if failed else STATUS_UNSCORED,
        "reason": row["reason"] if failed else None,
    }


def _text(row: dict[str, Any], class_names: list[str], settings: ScoresSettings) -> str:
    """Return the image's own prompt, or the template for its class where it came without one."""
    return row["prompt"] or fill(settings.template, class_names[row["label"]])


def _score(
    rows: list[dict[str, Any]],
    texts: list[str],
    scored: list[dict[str, Any]],
    settings: ScoresSettings,
) -> None:
    """Put the cosines of the readable images into `scored`."""
    import torch

    from sau.scores.clip import ClipScorer

    torch.set_num_threads(settings.threads)
    scorer = ClipScorer(settings.model, settings.pretrained, settings.device)
    readable = [index for index, row in enumerate(rows) if row["status"] == STATUS_OK]
    size = settings.batch_size
    batches = [readable[start : start + size] for start in range(0, len(readable), size)]
    for batch in progress(batches, "scores", unit="batch"):
        image_embeddings = scorer.embed_images([_bytes_of(rows[index]) for index in batch])
        text_embeddings = scorer.embed_texts([texts[index] for index in batch])
        cosines = (image_embeddings * text_embeddings).sum(dim=1).tolist()
        for index, cosine in zip(batch, cosines, strict=True):
            if math.isfinite(cosine):
                scored[index] |= {"score": cosine, "status": STATUS_OK}
            else:
                scored[index] |= {"status": STATUS_FAILED, "reason": "the score is not finite"}


def _bytes_of(row: dict[str, Any]) -> bytes:
    image = row["image"]
    return image["bytes"] if image["bytes"] is not None else Path(image["path"]).read_bytes()
