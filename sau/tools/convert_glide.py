"""`sau convert glide`: the published checkpoints in the format that diffusers loads."""

import json
import logging
from pathlib import Path

import diffusers
from safetensors import SafetensorError

import sau
from sau.core.errors import UserError
from sau.glide.architecture import BASE, UPSAMPLER, Architecture
from sau.glide.cascade import UPSAMPLER_FOLDER, GlideUpsamplePipeline
from sau.glide.openai import load_openai
from sau.glide.pipeline import GlidePipeline
from sau.glide.standalone import FILE_NAME, standalone
from sau.glide.text_conditioned import TextConditionedPipeline
from sau.storage.files import file_sha256
from sau.storage.folders import new_folder

log = logging.getLogger(__name__)


def convert_glide(
    base: Path, output: Path, upsampler: Path | None = None, vocabulary: Path | None = None
) -> None:
    """Convert GLIDE's published checkpoints into a folder for `images.model`.

    The folder appears when all of it is written, with code that loads it where `sau` is not
    installed (`pipeline.py`). It holds the base pipeline and, in `upsampler`,
    that of the upsampler, for `images.upsampler`.

    Args:
        base: the published base.pt.
        output: folder to write; must not exist.
        upsampler: the published upsample.pt; without it only the base network is converted.
        vocabulary: folder of encoder.json and vocab.bpe; default: the folder of base.pt.

    Raises:
        UserError: a file that is missing, damaged, malicious or another one, or a folder that
            cannot be written.
    """
    diffusers.utils.logging.disable_progress_bar()
    folder = base.parent if vocabulary is None else vocabulary
    with new_folder(output) as temporary:
        _save(_loaded(GlidePipeline, base, folder, BASE), temporary)
        origin = {"sau": sau.__version__, "base_sha256": file_sha256(base)}
        log.info("%s is converted", base)
        if upsampler is not None:
            pipeline = _loaded(GlideUpsamplePipeline, upsampler, folder, UPSAMPLER)
            _save(pipeline, temporary / UPSAMPLER_FOLDER)
            origin["upsampler_sha256"] = file_sha256(upsampler)
            log.info("%s is converted", upsampler)
        (temporary / "origin.json").write_text(
            json.dumps(origin, indent=2) + "\n", encoding="utf-8"
        )
    log.info("set images.model to %s", output)


def _loaded(
    kind: type[TextConditionedPipeline], checkpoint: Path, vocabulary: Path, sizes: Architecture
) -> TextConditionedPipeline:
    """Return a pipeline of a published checkpoint; raises UserError if a file is not good."""
    try:
        parts = load_openai(checkpoint, vocabulary, sizes)
    except ValueError as error:
        raise UserError(str(error)) from error
    return kind(*parts)


def _save(pipeline: TextConditionedPipeline, folder: Path) -> None:
    """Save a pipeline and its code; raises OSError whatever cannot be written."""
    try:
        pipeline.save_pretrained(folder)
        (folder / FILE_NAME).write_text(standalone(type(pipeline)), encoding="utf-8")
    except SafetensorError as error:  # what a full disk is to safetensors
        raise OSError(f"{folder}: {error}") from error
