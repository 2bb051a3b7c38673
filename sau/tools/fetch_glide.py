"""`sau fetch glide`: the published checkpoints and vocabulary of GLIDE."""

import logging
from pathlib import Path

from sau.storage.folders import cache_folder
from sau.tools.download import download

log = logging.getLogger(__name__)

CHECKPOINTS = "https://openaipublic.blob.core.windows.net/diffusion/dec-2021"
VOCABULARY = "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main"

# GLIDE's vocabulary is GPT-2's; these are the checksums that OpenAI's tiktoken checks it by.
VOCABULARY_SHA256 = {
    "encoder.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    "vocab.bpe": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
}


def fetch_glide(
    output: Path | None = None,
    base_sha256: str = "",
    upsampler_sha256: str = "",
    mirror: str = "",
) -> None:
    """Download GLIDE's published checkpoints and vocabulary (3.1 GB), going on where it was cut.

    OpenAI publishes no checksums of the checkpoints: give those that you know. Without them a file
    counts when its length is right, and `sau convert glide` checks every parameter's name, shape
    and finiteness. The checksum of what came is written beside each file either way.

    Args:
        output: folder for the files; default: `$XDG_CACHE_HOME/sau/glide` or `~/.cache/sau/glide`.
        base_sha256: the checksum that base.pt must have.
        upsampler_sha256: the checksum that upsample.pt must have.
        mirror: address of a folder with all four files, instead of OpenAI's.

    Raises:
        UserError: a file cannot be had, or its checksum is wrong.
    """
    folder = cache_folder("glide") if output is None else output
    files = [
        (VOCABULARY, "encoder.json", VOCABULARY_SHA256["encoder.json"]),
        (VOCABULARY, "vocab.bpe", VOCABULARY_SHA256["vocab.bpe"]),
        (CHECKPOINTS, "base.pt", base_sha256),
        (CHECKPOINTS, "upsample.pt", upsampler_sha256),
    ]
    for address, name, expected in files:
        digest = download(f"{(mirror or address).rstrip('/')}/{name}", folder / name, expected)
        checked = "checked" if expected else "not checked, no checksum was given"
        log.info("%s: SHA-256 %s (%s)", folder / name, digest, checked)
    log.info(
        "now: sau convert glide --base %s --upsampler %s --output models/glide",
        folder / "base.pt",
        folder / "upsample.pt",
    )
