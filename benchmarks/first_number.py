"""A first trained number: `sau run` on a folder of photographs, on a pretrained backbone.

The whole command is timed, from the files to the table of a linear probe on EfficientNet-Lite0's
ImageNet weights. Beside it stands what the same needs alone: each file decoded once, and as many
forward passes of that network. Without `--folder` the images are JPEG files of soft noise.
"""

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image

import sau
from benchmarks.command import (
    add_clock,
    clock_words,
    parser_of,
    positive,
    prepare,
    run,
    settings_of,
)
from benchmarks.init import make_files
from benchmarks.record import Record
from benchmarks.timing import compare
from sau.core.errors import UserError
from sau.networks.encoder import make_encoder
from sau.networks.pretrained import find_weights, load_weights

BACKBONE = "timm/tf_efficientnet_lite0"
_TESTED = 0.2


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("first_number", __doc__)
    parser.add_argument("--folder", type=Path, help="of images, one folder per class")
    parser.add_argument(
        "--images", type=positive, default=2500, help="files, if there is no folder"
    )
    parser.add_argument("--side", type=positive, default=256, help="pixels of such a file's side")
    parser.add_argument("--input-size", type=positive, default=128, help="pixels of the network")
    parser.add_argument("--epochs", type=positive, default=5)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="bfloat16")
    add_clock(parser)
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary) / "images"
        if arguments.folder is None:
            make_files(folder, arguments.images, arguments.side)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        size, epochs, precision = arguments.input_size, arguments.epochs, arguments.precision
        config = config_of(folder, size, epochs, precision, arguments.threads, arguments.device)
        runs = iter(range(1000))

        def pipeline() -> None:
            results = Path(temporary) / f"results-{next(runs)}"
            first_number(config, results, arguments.threads)

        ratio = compare(
            f"{len(files):,} images at {size} pixels, {epochs} epochs" + clock_words(arguments),
            ("sau run", pipeline),
            ("the network alone", lambda: bare(files, size, epochs, precision, device)),
            device,
            arguments.seconds,
            arguments.clock,
        )
    record = Record("first_number", settings_of(arguments) | {"folder": None}, [ratio])
    record.print_and_write(arguments.output)
    return record


def config_of(
    folder: Path, size: int, epochs: int, precision: str, threads: int, device: str
) -> dict[str, object]:
    """Return the config of a linear probe on a folder of images."""
    return {
        "experiment": {"imbalance_factors": ["as-is"]},
        "dataset": {
            "name": "photographs",
            "source": "image-folder",
            "folder": str(folder.resolve()),
            "image_size": size,
            "test_split": "share",
            "test_share": _TESTED,
        },
        "training": {
            "backbone": BACKBONE,
            "pretrained": "yes",
            "input_size": size,
            "freeze": "backbone",
            "optimizer": "adamw",
            "learning_rate": 0.002,
            "epochs": epochs,
            "evaluate_every": epochs,
            "batch_size": 64,
            "crop_padding": size // 8,
            "cutout_size": size // 4,
            "precision": precision,
            "device": device,
            "threads": threads,
            "runs": {"probe": {"method": "balanced_softmax", "data": "real"}},
        },
    }


def first_number(config: dict[str, object], results: Path, threads: int) -> None:
    """Run the whole pipeline, up to its table.

    Raises:
        UserError: it failed; what it printed is shown.
    """
    results.mkdir()
    file = results / "config.yaml"
    experiment = {"results": str(results / "results"), "imbalance_factors": ["as-is"]}
    file.write_text(yaml.safe_dump(config | {"experiment": experiment}))
    command = [sys.executable, "-m", "sau", "run", "--config", str(file), "--cores", str(threads)]
    # In a folder of its own, which Snakemake locks; this very `sau`, wherever it stands.
    paths = [str(Path(sau.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=results,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    if done.returncode:
        raise UserError(f"sau run failed:\n{(done.stdout + done.stderr)[-3000:]}")
    print((results / "results" / "report" / "overview.md").read_text())


def bare(
    files: Sequence[Path], size: int, epochs: int, precision: str, device: torch.device
) -> None:
    """Decode each file once, and pass as many images through the network as the run does."""
    encoder = make_encoder(BACKBONE, 0, size)
    load_weights(encoder, BACKBONE, find_weights(BACKBONE, "yes"))
    encoder.eval().to(device).to(memory_format=torch.channels_last)
    pixels = np.empty((len(files), size, size, 3), dtype=np.uint8)
    for place, file in enumerate(files):
        with Image.open(file) as image:
            pixels[place] = np.asarray(image.convert("RGB").resize((size, size)))
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    trained = int(len(files) * (1 - _TESTED))
    seen = [*range(trained)] * epochs + [*range(trained, len(files))]
    half = precision == "bfloat16"
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=half):
        for rows in torch.split(torch.tensor(seen), 64):
            encoder(images[rows].to(device).float() / 127.5 - 1)


if __name__ == "__main__":
    sys.exit(run(main))
