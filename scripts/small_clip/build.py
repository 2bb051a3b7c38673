"""Trains a small CLIP on one's own labelled images: `python -m scripts.small_clip.build`.

It stands in for a pretrained CLIP where none is at hand, and is less: it knows the classes that it
was trained on and no other words, and it has seen the very images it is trained on. A run that was
stopped goes on from its checkpoint.
"""

import argparse
import dataclasses
import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from open_clip import CLIP
from torch import Tensor

from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.data.decode import decode_image
from sau.storage import manifest
from sau.storage.folders import check_place, new_folder
from sau.storage.manifest.schemas import STATUS_OK
from scripts.small_clip.settings import SmallClipTraining
from scripts.small_clip.train import (
    CONTEXT_LENGTH,
    captions,
    model_config,
    preprocess,
    tokenize,
    train,
)
from scripts.tiny_models.train_clip import CONFIG_FILE, save_clip_weights
from scripts.tiny_models.train_tokenizer import save_clip_tokenizer, train_bpe

THREADS = 2


def read_images(path: Path) -> tuple[Tensor, Tensor, list[str]]:
    """Read the readable images of a manifest, all of one size.

    Returns: pixels, uint8 (N, 3, H, W); labels, int64 (N,); and the class names.

    Raises:
        UserError: no manifest of images, or an image that does not decode.
    """
    class_names = manifest.read_facts(path, "images", "class_names")["class_names"]
    table = manifest.read(path, "images", columns=["id", "image", "label", "status"])
    rows = [row for row in table.to_pylist() if row["status"] == STATUS_OK]
    pixels = np.stack([decode_image(row["image"]["bytes"], row["id"]) for row in rows])
    return torch.from_numpy(pixels), torch.tensor([row["label"] for row in rows]), class_names


def build(
    images: Path, output: Path, checkpoints: Path, settings: SmallClipTraining
) -> tuple[CLIP, list[str]]:
    """Train on a manifest of real images, and write the model as a folder that open_clip loads.

    Args:
        images: manifest of images, as the dataset stage writes it.
        output: folder of the model; an older one is replaced when the new one is done, anything
            else that stands there is not.
        checkpoints: folder for what a stopped run goes on from; named by settings and images.
        settings: of the training.

    Returns: the model in evaluation mode, and the class names.

    Raises:
        UserError: a bad manifest, or a folder of something else at `output`.
    """
    _refuse_what_is_no_model(output)
    pixels, labels, class_names = read_images(images)
    class_captions = captions(class_names)
    words = [caption for row in class_captions for caption in row]
    vocabulary, merges = train_bpe(words)
    identity = f"{settings!r} {class_names} {manifest.hash_of([images])}"
    name = f"clip-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    folder = checkpoints / name
    save_clip_tokenizer(folder, vocabulary, merges, CONTEXT_LENGTH)
    config = model_config(settings, len(vocabulary), output.name)
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    model = train(
        settings, pixels, labels, class_captions, folder, checkpoints / f"{name}.safetensors"
    )
    save_clip_weights(folder, model)
    with new_folder(output, replace=True) as temporary:
        shutil.copytree(folder, temporary, dirs_exist_ok=True)
    return model, class_names


def _refuse_what_is_no_model(folder: Path) -> None:
    """Look before an hour of training, and so that no folder of other things is replaced."""
    check_place(folder, replace=True)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / CONFIG_FILE).is_file():
        raise UserError(
            f"--output {folder}: holds something else than such a model; name a new folder"
        )


@torch.no_grad()
def zero_shot_accuracy(model: CLIP, folder: Path, images: Path, batch_size: int = 500) -> float:
    """Return the percentage of a manifest's images whose own class has the nearest text.

    A class's text is the mean of its captions' embeddings.
    """
    pixels, labels, class_names = read_images(images)
    tokens = tokenize(captions(class_names), folder)
    texts = torch.stack(
        [model.encode_text(own, normalize=True).mean(dim=0) for own in tokens.unbind()]
    )
    texts = torch.nn.functional.normalize(texts, dim=1)
    size = model.visual.image_size[0]
    seen = [
        model.encode_image(preprocess(part, size), normalize=True)
        for part in torch.split(pixels, batch_size)
    ]
    right = (torch.cat(seen) @ texts.T).argmax(dim=1) == labels
    return 100 * right.double().mean().item()


def main() -> None:
    """Read the command line, build, and say how good it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--train-images", type=Path, required=True, help="the dataset stage's train.parquet"
    )
    parser.add_argument("--test-images", type=Path, required=True, help="its test.parquet")
    parser.add_argument("--output", type=Path, required=True, help="folder of the model")
    parser.add_argument("--checkpoints", type=Path, default=Path("build/small-clip"))
    parser.add_argument("--threads", type=int, default=THREADS, help="of PyTorch")
    for field in dataclasses.fields(SmallClipTraining):
        if field.name in ("image_tower", "image_size", "steps", "batch_size", "precision"):
            flag = f"--{field.name.replace('_', '-')}"
            parser.add_argument(flag, type=type(field.default), default=field.default)
    arguments = vars(parser.parse_args())
    torch.set_num_threads(arguments.pop("threads"))
    paths = {name: arguments.pop(name) for name in ("train_images", "output", "checkpoints")}
    test_images = arguments.pop("test_images")
    settings = SmallClipTraining(**arguments)
    try:
        model, _ = build(paths["train_images"], paths["output"], paths["checkpoints"], settings)
        accuracy = zero_shot_accuracy(model, paths["output"], test_images)
    except UserError as error:
        print(f"small_clip: error: {error}", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)
    print(f"{paths['output']}: zero-shot top-1 {accuracy:.2f} % on {test_images}")


if __name__ == "__main__":
    main()
