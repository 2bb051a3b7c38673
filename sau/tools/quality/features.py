"""What a named network makes of the images that are compared."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from sau.core.errors import ArgumentError, UserError
from sau.core.progress import progress
from sau.networks.encoder import make_encoder
from sau.networks.pretrained import find_weights, load_weights
from sau.networks.resizing import resized
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stage import scores
from sau.storage import manifest
from sau.storage.belonging import recorded_hashes
from sau.storage.manifest.reading import read_record
from sau.storage.provenance import provenance
from sau.tools.quality.samples import BATCH, Sample
from sau.views import Normalisation

Features = npt.NDArray[np.float64]

CLIP, EFFICIENTNET = "clip", "efficientnet-lite0"
NETWORKS = (CLIP, EFFICIENTNET)

_BACKBONE = "timm/tf_efficientnet_lite0"


def unit_features(features: npt.NDArray[np.floating]) -> Features:
    """Return features (N, D) of length sqrt(D), so that x . y / D is their cosine.

    So the kernel distance of networks of other widths and scales is one scale, and that of CLIP's
    embeddings, which have length 1, is not lost in its constant.
    """
    given = np.asarray(features, dtype=np.float64)
    lengths = np.linalg.norm(given, axis=1, keepdims=True)
    least = np.finfo(np.float64).tiny
    scaled: Features = given / np.maximum(lengths, least) * np.sqrt(given.shape[1])
    return scaled


def efficientnet_features(sample: Sample, size: tuple[int, int]) -> Features:
    """Return features (N, 1280) of EfficientNet-Lite0 with ImageNet weights, before its classifier.

    Args:
        sample: the images.
        size: height and width, to which they are brought; at the network's entrance, 224 pixels.

    Raises:
        UserError: its package or its weights are missing, or an image.
    """
    try:
        weights = find_weights(_BACKBONE, "yes")
        encoder = make_encoder(_BACKBONE, 0)
        load_weights(encoder, _BACKBONE, weights)
    except (ArgumentError, ValueError) as error:
        raise UserError(f"--network {EFFICIENTNET}: {error}") from error
    encoder.eval()
    normalisation = Normalisation(weights.pixels.mean, weights.pixels.std)
    total = math.ceil(len(sample.ids) / BATCH)
    found, places = [], []
    with torch.inference_mode():
        for batch in progress(sample.batches(size), EFFICIENTNET, total=total, unit="batch"):
            pixels = normalisation.from_bytes(torch.from_numpy(batch.pixels))
            images = resized(pixels, weights.pixels.size, weights.pixels.interpolation)
            found.append(encoder(images).double().numpy())
            places.append(batch.places)
    order = np.argsort(np.concatenate(places))
    features: Features = np.concatenate(found)[order]
    return features


def clip_features(paths: Sequence[Path], ids: Sequence[str]) -> Features:
    """Return CLIP's embeddings (N, D) that the scores stage has stored.

    Raises:
        UserError: an image without one.
    """
    rows = manifest.read_rows(paths, "scores", ids, columns=["id", "embedding"])
    without = next((n for n in ids if n not in rows or rows[n]["embedding"] is None), None)
    if without is not None:
        raise UserError(
            f"{paths[0].parent}: image {without!r} has no embedding; score with scores.scorer "
            f"open_clip, or set --network {EFFICIENTNET}"
        )
    return np.stack([np.asarray(rows[name]["embedding"], np.float64) for name in ids])


def score_real(train_images: Path, scored: Path, output: Path) -> Path:
    """Have the real images scored by the model that scored the generated ones.

    Args:
        train_images: manifest of the real training images.
        scored: a shard of the generated images' scores, whose settings are taken.
        output: where the scores go; those that are there, of the same images and settings, stay.

    Returns: `output`.

    Raises:
        UserError: no model, or what the scores stage says.
    """
    made = read_record(scored).provenance
    # No classifier looks at real images: most have been trained on them.
    settings = ScoresSettings.from_mapping(dict(made.get("settings", {}))).replace(classifiers=[])
    if settings.scorer == "none":
        raise UserError(
            f"--network {CLIP}: {scored} was made without a scorer; set --network {EFFICIENTNET}"
        )
    if not _is_there(output, train_images, settings):
        scores(train_images, output, settings=settings)
    return output


def _is_there(output: Path, train_images: Path, settings: ScoresSettings) -> bool:
    if not output.is_file():
        return False
    made = read_record(output).provenance
    wanted = provenance("scores", settings, {"images": train_images})
    same = made.get("settings") == wanted["settings"] and made.get("code") == wanted["code"]
    hashes = recorded_hashes(made, "images")
    return same and read_record(train_images).content_sha256 in hashes
