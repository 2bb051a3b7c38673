"""Rules of label correction in the feature space of a pretrained network, on swapped labels.

Real images of a long tail and the generated ones that fill it, as CIFAKE has them, are embedded
once by EfficientNet-Lite0's ImageNet weights; a share of the generated ones then gets the label of
another class. Each rule says which of them are noise. Printed are precision and recall with
Wilson's 95 % intervals, and the share called noise of each class, from the most to the fewest real
images. No network is trained but a linear probe, so that rules are compared, and not what a network
learns from them.
"""

import io
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from torch import Tensor

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from sau.longtail.complement import complement_counts, draw_complement
from sau.longtail.counts import long_tailed_counts, sample_long_tail
from sau.longtail.swapped import swap_labels
from sau.losses.class_similarities import class_similarities, standardised
from sau.losses.noise_margins import classification_margins, lowest_in_class
from sau.methods.prototypes import filled_prototypes
from sau.metrics.found_noise import Share, found_noise, found_noise_by_class
from sau.networks.encoder import make_encoder
from sau.networks.pretrained import find_weights, load_weights
from sau.sources.cifake import CLASS_NAMES, list_cifake
from sau.sources.record import Listing

BACKBONE = "timm/tf_efficientnet_lite0"
CLASSES = len(CLASS_NAMES)
BATCH = 100
FACTOR = 100
ALL = 10**9
"""As many neighbours as there are: a class's mean similarity."""


class Space(NamedTuple):
    """Embeddings of length 1, float32 (N, 2, d), twice the same: there is one view of each image.

    `labels`: int64 (N,), as they are called; `true`: what they are; `is_synthetic`: bool (N,).
    """

    embeddings: Tensor
    labels: Tensor
    true: Tensor
    is_synthetic: Tensor


Rule = Callable[[Space], Tensor]
"""Takes embeddings, and returns the margins of all labels, float (N,)."""


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("feature_space", __doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of CIFAKE")
    parser.add_argument("--swap", type=float, default=0.2, help="share of wrong labels")
    parser.add_argument(
        "--largest", type=positive, default=1000, help="images of the largest class"
    )
    parser.add_argument("--input-size", type=positive, default=96, help="pixels of the network")
    parser.add_argument("--budget", type=float, default=0.2, help="most of a class that is noise")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    space = space_of(arguments, device)
    figures: dict[str, Any] = {}
    for name, rule in rules().items():
        margins = rule(space)
        for suffix, share in (("", 1.0), (f", budget {arguments.budget:g}", arguments.budget)):
            figures[name + suffix] = measured(space, margins, share)
            print(line(name + suffix, figures[name + suffix]), flush=True)
    record = Record("feature_space", settings_of(arguments) | {"folder": None}, [], figures)
    record.print_and_write(arguments.output)
    return record


def rules() -> dict[str, Rule]:
    """Return the rules by name."""
    return {
        "nearest real image": similarity(nearest=1),
        "nearest real image, tau 0.1": similarity(nearest=1, tau=0.1),
        "class means of real images": similarity(nearest=ALL),
        "five nearest of each class": similarity(nearest=5),
        "five nearest of each class, standardised": similarity(nearest=5, is_standard=True),
        "class means of all images": by_filled_means,
        "linear probe on all images": by_probe,
    }


def similarity(*, nearest: int, tau: float = 0.0, is_standard: bool = False) -> Rule:
    """Return the rule that compares with the `nearest` real images of each class."""

    def margins(space: Space) -> Tensor:
        real = ~space.is_synthetic
        candidates = space.embeddings[real], space.labels[real]
        barred = torch.zeros_like(space.labels[real], dtype=torch.bool)
        options = *candidates, barred, CLASSES
        pieces = [
            class_similarities(queries, *options, nearest=nearest, tau=tau)
            for queries in torch.split(space.embeddings, 256)
        ]
        similar = torch.cat(pieces)
        if is_standard:
            similar = standardised(similar, space.is_synthetic)
        return classification_margins(similar, space.labels)

    return margins


def by_filled_means(space: Space) -> Tensor:
    """Compare with class means of as many images of each class, generated ones among them."""
    largest = int(torch.bincount(space.labels).max())
    means = filled_prototypes(*space[:2], space.is_synthetic, CLASSES, largest)
    return classification_margins(
        torch.einsum("bvd,cvd->bvc", space.embeddings, means), space.labels
    )


def by_probe(space: Space) -> Tensor:
    """Compare log-probabilities of probes on all images and their labels, each image left out."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    inputs = space.embeddings[:, 0].numpy() * space.embeddings.shape[2] ** 0.5
    probe = LogisticRegression(C=0.01, max_iter=300)
    found = cross_val_predict(
        probe, inputs, space.labels.numpy(), cv=folds, method="predict_log_proba"
    )
    return classification_margins(torch.from_numpy(found)[:, None].repeat(1, 2, 1), space.labels)


def measured(space: Space, margins: Tensor, share: float) -> dict[str, Any]:
    """Return how right a verdict is, as JSON values; `share` is the budget, 1 for none."""
    noise = lowest_in_class(margins, space.labels, space.is_synthetic, share, CLASSES)
    made = space.is_synthetic
    called, wrong = noise[made].numpy(), (space.true != space.labels)[made].numpy()
    whole = found_noise(called, wrong)
    of_classes = found_noise_by_class(called, wrong, space.labels[made].numpy(), CLASSES)
    return {
        "precision": _json(whole.precision),
        "recall": _json(whole.recall),
        "share_called": [
            round(one.share_called.value, 4) if one.images else None for one in of_classes
        ],
    }


def line(name: str, figures: dict[str, Any]) -> str:
    """Return a rule's figures in a line."""
    rates = [
        f"{figures[key]['value']:.2f} ({figures[key]['low']:.2f} to {figures[key]['high']:.2f})"
        for key in ("precision", "recall")
    ]
    shares = " ".join("-" if share is None else f"{share:.2f}" for share in figures["share_called"])
    return f"{name}: precision {rates[0]}, recall {rates[1]}; called noise by class {shares}"


def space_of(arguments: Namespace, device: torch.device) -> Space:
    """Embed a long tail and its complement, and swap labels among the generated images."""
    real = list_cifake(arguments.folder, "train", "REAL", "--folder")
    made = list_cifake(arguments.folder, "train", "FAKE", "--folder")
    counts = long_tailed_counts(arguments.largest, CLASSES, FACTOR)
    tail = sample_long_tail(np.asarray(real.labels), counts, protocol="choice", seed=0)
    fill = draw_complement(np.asarray(made.labels), complement_counts(counts), 0)
    parts = [real.take(tail), made.take(fill)]
    embeddings = embedded(parts, arguments.input_size, device)
    true = np.concatenate([part.labels for part in parts]).astype(np.int64)
    labels = true.copy()
    labels[len(tail) :] = swap_labels(true[len(tail) :], arguments.swap, 0)
    is_synthetic = torch.arange(len(true)) >= len(tail)
    both = embeddings[:, None].repeat(1, 2, 1)
    return Space(both, torch.from_numpy(labels), torch.from_numpy(true), is_synthetic)


@torch.no_grad()
def embedded(parts: Sequence[Listing], size: int, device: torch.device) -> Tensor:
    """Return the features of all images, less their mean, of length 1, float32 (N, d)."""
    encoder = make_encoder(BACKBONE, 0, size)
    weights = find_weights(BACKBONE, "yes")
    load_weights(encoder, BACKBONE, weights)
    colours = weights.pixels.mean, weights.pixels.std
    encoder.eval().to(device)
    mean, std = (torch.tensor(values, device=device).view(3, 1, 1) for values in colours)
    found = []
    for pixels in _batches(parts):
        images = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float() / 255
        images = F.interpolate(images, size=(size, size), mode="bicubic", antialias=True)
        found.append(encoder((images.clamp(0, 1) - mean) / std).float().cpu())
    features = torch.cat(found)
    return F.normalize(features - features.mean(dim=0), dim=1)


def _batches(parts: Sequence[Listing]) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the images of all parts, in their order, uint8 (b, H, W, 3)."""
    held: list[npt.NDArray[np.uint8]] = []
    for part in parts:
        for record in part.records():
            assert record.data is not None
            held.append(np.array(Image.open(io.BytesIO(record.data)).convert("RGB")))
            if len(held) == BATCH:
                yield np.stack(held)
                held = []
    if held:
        yield np.stack(held)


def _json(share: Share) -> dict[str, float]:
    return {name: round(getattr(share, name), 4) for name in ("value", "low", "high")}


if __name__ == "__main__":
    sys.exit(run(main))
