"""GLIDE's pipelines from folders that come from outside."""

from pathlib import Path
from typing import TypeVar

import diffusers
import torch

from sau.assets.pipeline_networks import load_networks, quiet
from sau.assets.vocabulary import check_tokens, check_vocabulary
from sau.core.unloadable import loading
from sau.glide.text_conditioned import TextConditionedPipeline

Pipeline = TypeVar("Pipeline", bound=TextConditionedPipeline)


def load_glide_pipeline(
    kind: type[Pipeline], folder: Path, dtype: torch.dtype, device: torch.device, key: str
) -> Pipeline:
    """Load one of GLIDE's pipelines, in evaluation mode and without progress bars.

    Args:
        kind: of pipeline.
        folder: that it was saved to; it has been checked.
        dtype: of the networks' weights.
        device: where they are to be.
        key: the setting that names the folder, for messages.

    Raises:
        UserError: another model, or weights or a tokenizer that are not its own.
    """
    diffusers.utils.logging.disable_progress_bar()  # loading takes no time worth a bar
    what = f"{key}: {folder} does not load as {kind.__name__}"
    networks = load_networks(folder, dtype, what)
    with loading(what), quiet():
        pipeline = kind.from_pretrained(folder, dtype=dtype, use_safetensors=True, **networks)
        pipeline.to(device)
    pipeline.set_progress_bar_config(disable=True)  # type: ignore[no-untyped-call]
    check_vocabulary({"tokenizer": pipeline.tokenizer}, f"{key}: {folder}")
    check_tokens(pipeline.tokenizer, pipeline.text_encoder.config["vocab_size"], f"{key}: {folder}")
    return pipeline
