"""Scoring a shard of images against the bare model's forward pass.

Scoring is the stage's own: images are read from a Parquet file, decoded, measured, resized,
embedded and compared with their texts and all classes. The bare model embeds a batch that lies
ready on the device. Weights are random, unless the model is a folder. Texts are embedded before
either is timed, as they are once for a shard.
"""

import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import open_clip
import pyarrow as pa
import torch
from PIL import Image

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from benchmarks.timing import Ratio, compare
from sau.pipeline.scores.clip import Clip
from sau.pipeline.scores.load import as_loaded, load_model
from sau.pipeline.scores.loaded_model import LoadedModel
from sau.pipeline.scores.prepare import Prepare
from sau.pipeline.scores.score import scorer_of
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stream import decoding_pool, prepared_images
from sau.pipeline.scores.table import score_batches
from sau.sources.decode import encode_png
from sau.storage import manifest
from sau.storage.code_digest import code_digest

SCORING, FORWARD = "scoring", "bare forward"
_DETAIL = 4
"""Pixels of an image for each one that was drawn: noise would be no test of a PNG decoder."""


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("scoring", __doc__)
    parser.add_argument("--model", default="ViT-B-32", help="of open_clip, or a folder")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--batch-size", type=positive, default=32, help="images embedded at once")
    parser.add_argument("--batches", type=positive, default=4, help="of images, timed at once")
    parser.add_argument("--side", type=positive, default=64, help="pixels of the stored images")
    parser.add_argument("--classes", type=positive, default=10, help="each with one text")
    parser.add_argument(
        "--decode-workers",
        type=int,
        help="processes that decode; None: a thread on a CPU, all cores but two beside a GPU",
    )
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    if arguments.decode_workers is None:
        arguments.decode_workers = max((os.cpu_count() or 1) - 2, 1) if device.type == "cuda" else 0
    clip = Clip(_loaded(arguments.model, device), device, arguments.precision)
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.parquet"
        write_images(images, arguments)
        with decoding_pool(arguments.decode_workers) as pool:
            ratio = compare_scoring(images, clip, pool, arguments)
    figures = figures_of(ratio, arguments.batch_size * arguments.batches)
    record = Record("scoring", settings_of(arguments), [ratio], figures)
    print(
        f"{figures['scored_per_second']:.4g} images a second scored, "
        f"{figures['embedded_per_second']:.4g} by the bare model: "
        f"{100 * figures['share']:.1f} %"
    )
    record.print_and_write(arguments.output)
    return record


def write_images(path: Path, arguments: Namespace) -> None:
    """Write a manifest of smooth random images without prompts."""
    generator = np.random.default_rng(0)
    side, count = arguments.side, arguments.batch_size * arguments.batches
    coarse = max(side // _DETAIL, 1)
    rows = []
    for place in range(count):
        drawn = generator.integers(0, 256, (coarse, coarse, 3), dtype=np.uint8)
        picture = Image.fromarray(drawn).resize((side, side), Image.Resampling.BICUBIC)
        rows.append(
            {
                "id": f"noise/{place}",
                "image": {"bytes": encode_png(picture), "path": None},
                "label": place % arguments.classes,
                "width": side,
                "height": side,
                "status": "ok",
            }
        )
    table = pa.Table.from_pylist(rows, manifest.SCHEMAS["images"])
    manifest.write(path, "images", table, {})


def compare_scoring(images: Path, clip: Clip, pool: Executor, arguments: Namespace) -> Ratio:
    """Time both in turn."""
    size, workers = arguments.batch_size, arguments.decode_workers
    rows = manifest.read(images, "images", columns=["id", "label", "prompt", "status", "reason"])
    names = [f"class {label}" for label in range(arguments.classes)]
    settings = ScoresSettings(class_templates=["A photo of {article} {name}."], batch_size=size)
    scorer = scorer_of(rows, names, clip, settings)
    step = Prepare(clip.loaded.geometry)

    def scoring() -> int:
        prepared = prepared_images(images, step, pool, workers=workers, batch_size=size)
        return sum(table.num_rows for table in score_batches(rows, prepared, scorer, size))

    side = clip.loaded.geometry.side
    ready = torch.randn(size, 3, side, side, generator=torch.Generator().manual_seed(0))
    ready = ready.to(clip.device)

    @torch.inference_mode()
    def forward() -> None:
        for _ in range(arguments.batches):
            with clip.autocast:
                clip.loaded.model.encode_image(ready)

    what = (
        f"{arguments.batches} batches of {size} images of {arguments.side} pixels, "
        f"{arguments.model}, {arguments.precision}"
    )
    return compare(what, (SCORING, scoring), (FORWARD, forward), clip.device, arguments.seconds)


def figures_of(ratio: Ratio, images: int) -> dict[str, float | str]:
    """Return images per second, and the share of the bare model's that scoring reaches."""
    facts = ratio.to_mapping()
    return {
        "scored_per_second": images / facts["slower_seconds"],
        "embedded_per_second": images / facts["faster_seconds"],
        "share": 1 / facts["ratio"],
        "open_clip": open_clip.__version__,
        "scores_digest": code_digest("scores"),
    }


def _loaded(model: str, device: torch.device) -> LoadedModel:
    """Return a model of open_clip with random weights, or the one in a folder."""
    if model not in open_clip.list_models():
        return load_model(model, "", device)
    return as_loaded(open_clip.create_model(model, device=device), open_clip.get_tokenizer(model))


if __name__ == "__main__":
    sys.exit(run(main))
