"""Builds both tiny models: `python -m scripts.tiny_models.build` writes into `sau/assets`.

It takes less than an hour on two cores, and a run that was stopped goes on from its checkpoints.
"""

import argparse
import hashlib
import shutil
from pathlib import Path

import torch
from transformers import GPT2Tokenizer

from sau.glide.pipeline import GlidePipeline
from scripts.tiny_models import train_clip, train_glide
from scripts.tiny_models.glide_model import TINY
from scripts.tiny_models.pool import Pool, render_pool
from scripts.tiny_models.train_clip import ClipTraining
from scripts.tiny_models.train_glide import GlideTraining
from scripts.tiny_models.train_tokenizer import (
    save_clip_tokenizer,
    save_glide_tokenizer,
    train_bpe,
    training_captions,
)

CHECKSUMS_FILE = "SHA256SUMS"
MODEL_FOLDERS = ("tiny-clip", "tiny-glide")
POOL_SIZE = 40_000
CAPTIONS_EACH = 4
POOL_SEED = 1
THREADS = 2


def build(
    output: Path,
    checkpoints: Path,
    clip: ClipTraining,
    glide: GlideTraining,
    pool_size: int = POOL_SIZE,
) -> None:
    """Write `tiny-clip`, `tiny-glide` and their checksums into `output`, replacing older ones.

    The older ones stay until both models are done.
    """
    pool = render_pool(pool_size, CAPTIONS_EACH, POOL_SEED)
    vocabulary, merges = train_bpe(training_captions())
    clip_folder, glide_folder = (checkpoints / name for name in MODEL_FOLDERS)
    save_clip_tokenizer(clip_folder, vocabulary, merges, train_clip.CONTEXT_LENGTH)
    train_clip.save_clip_config(clip_folder, len(vocabulary))
    clip_checkpoint = checkpoints / f"clip-{fingerprint(clip, pool_size)}.safetensors"
    scorer = train_clip.train_clip(clip, pool, clip_folder, clip_checkpoint)
    train_clip.save_clip_weights(clip_folder, scorer)
    save_glide_tokenizer(checkpoints / "tokenizer", vocabulary, merges)
    glide_checkpoint = checkpoints / f"glide-{fingerprint(glide, pool_size)}.safetensors"
    _build_glide(glide_folder, checkpoints / "tokenizer", glide, pool, glide_checkpoint)
    for folder in (clip_folder, glide_folder):
        shutil.rmtree(output / folder.name, ignore_errors=True)
        shutil.copytree(folder, output / folder.name)
    print(write_checksums(output), end="")


def _build_glide(
    folder: Path, tokenizer_folder: Path, settings: GlideTraining, pool: Pool, checkpoint: Path
) -> None:
    """Train the generator and write it as a pipeline folder, its weights rounded to float16."""
    tokenizer = GPT2Tokenizer.from_pretrained(tokenizer_folder)
    model = train_glide.train_glide(settings, pool, tokenizer, checkpoint).half()
    pipeline = GlidePipeline(tokenizer, model.text_encoder, model.unet, TINY.scheduler())
    pipeline.save_pretrained(folder)


def fingerprint(settings: ClipTraining | GlideTraining, pool_size: int) -> str:
    """Name of a run's checkpoint, so that none is resumed under other settings."""
    text = f"{settings!r} {pool_size} {CAPTIONS_EACH} {POOL_SEED}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_checksums(output: Path) -> str:
    """Write `SHA256SUMS` (what `sha256sum --check` reads) over both models and return its text."""
    files = [path for folder in MODEL_FOLDERS for path in (output / folder).rglob("*")]
    names = sorted(path.relative_to(output).as_posix() for path in files if path.is_file())
    digests = [hashlib.sha256((output / name).read_bytes()).hexdigest() for name in names]
    lines = [f"{digest}  {name}" for digest, name in zip(digests, names, strict=True)]
    text = "\n".join(lines) + "\n"
    (output / CHECKSUMS_FILE).write_text(text, encoding="utf-8")
    return text


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("sau/assets"), help="assets folder")
    parser.add_argument(
        "--checkpoints", type=Path, default=Path("build/tiny-models"), help="checkpoint folder"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    build(arguments.output, arguments.checkpoints, ClipTraining(), GlideTraining())


if __name__ == "__main__":
    main()
