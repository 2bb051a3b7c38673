"""A CLIP or SigLIP as transformers saves it, for the scores stage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from PIL import Image
from torch import Tensor, nn

from sau.assets.vocabulary import check_tokens, check_vocabulary
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.pipeline.scores.geometry import Geometry
from sau.pipeline.scores.loaded_model import LoadedModel
from sau.storage.weights import refuse_report

KINDS: dict[str, Any] = {"clip": transformers.CLIPModel, "siglip": transformers.SiglipModel}
"""Models by what their configuration calls them; SigLIP 2 of one image size is a siglip, too."""


class TransformersClip(nn.Module):
    """A model of transformers with the two methods and the scale that open_clip's have."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.logit_scale = model.logit_scale

    def encode_image(self, images: Tensor) -> Tensor:
        """Return embeddings (N, d), of any length, of normalised images (N, 3, S, S)."""
        found: Tensor = self.model.get_image_features(pixel_values=images).pooler_output
        return found

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Return embeddings (N, d), of any length, of tokens (N, T), padded to the context."""
        found: Tensor = self.model.get_text_features(input_ids=tokens).pooler_output
        return found


class PaddingTokenizer:
    """A tokenizer of transformers that cuts and pads to a model's context, T tokens."""

    def __init__(self, tokenizer: Any, context: int) -> None:
        self.tokenizer = tokenizer
        self.context = context

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Return the tokens of N texts, int64 (N, T)."""
        found: Tensor = self.tokenizer(
            list(texts),
            padding="max_length",
            max_length=self.context,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return found


def load_transformers(folder: Path, device: torch.device) -> LoadedModel:
    """Load a model from a folder that transformers saved, from safetensors alone.

    Args:
        folder: has been checked (see `check_model_folder`).
        device: where to.

    Raises:
        UserError: no CLIP or SigLIP, weights that do not fit it, or images prepared in a way that
            `Geometry` does not know.
    """
    what = f"scores.model: {folder}"
    unloaded = f"{what} does not load in transformers"
    with loading(unloaded):
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    if config.model_type not in KINDS:
        raise UserError(
            f"{what} holds a model of the kind {config.model_type!r}, expected {' or '.join(KINDS)}"
            " of transformers, with images of one size, or a folder in open_clip's format"
        )
    with loading(unloaded):
        model, info = KINDS[config.model_type].from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        processors: Any = transformers.AutoImageProcessor  # whose methods have no types
        processor = processors.from_pretrained(folder, local_files_only=True)
    refuse_report(info, model, f"{unloaded}: it")
    with loading(unloaded):
        check_vocabulary({"tokenizer": tokenizer}, what)
        check_tokens(tokenizer, config.text_config.vocab_size, what)
        geometry = _geometry(processor, config.vision_config.image_size)
        return LoadedModel(
            model=TransformersClip(model.to(device)).eval(),
            tokenizer=PaddingTokenizer(tokenizer, config.text_config.max_position_embeddings),
            geometry=geometry,
            mean=tuple(processor.image_mean),
            std=tuple(processor.image_std),
        )


def _geometry(processor: Any, side: int) -> Geometry:
    """Return how an image processor of transformers brings an image to the model's size.

    Raises:
        ValueError: in a way that is not known here.
    """
    for step in ("do_resize", "do_rescale", "do_normalize"):
        if not getattr(processor, step):
            raise ValueError(f"preprocessor_config.json: {step} is off, expected it on")
    filters = {Image.Resampling.BICUBIC: False, Image.Resampling.BILINEAR: True}
    if processor.resample not in filters:
        raise ValueError(
            f"preprocessor_config.json: resample {processor.resample}, expected 2 or 3"
        )
    square, size = {"height": side, "width": side}, dict(processor.size)
    crops = bool(getattr(processor, "do_center_crop", False))
    bilinear = filters[processor.resample]
    if size == {"shortest_edge": side} and crops and dict(processor.crop_size) == square:
        return Geometry(side, "shortest", bilinear)
    if size == square and (not crops or dict(processor.crop_size) == square):
        return Geometry(side, "squash", bilinear)
    raise ValueError(
        f"preprocessor_config.json: images are resized to {size}, expected the model's {side} "
        "pixels, as shortest_edge with a centre crop or as height and width"
    )
