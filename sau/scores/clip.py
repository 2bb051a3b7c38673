"""CLIP, by open_clip: texts and images to cosines."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import open_clip
import torch
from PIL import Image
from torch import Tensor

from sau.errors import UserError
from sau.shipped import SHIPPED, model_folder


class ClipScorer:
    """An open_clip model with its own preprocessing and tokenizer.

    Args:
        model: a shipped name, a folder in open_clip's format (`open_clip_config.json` and
            `open_clip_model.safetensors`), or a model name of open_clip such as ViT-B-32.
        pretrained: for a model name, open_clip's tag or a local checkpoint; else empty.
        device: `cpu` or `cuda`.

    Raises:
        UserError: no such model, weights or device.
    """

    def __init__(self, model: str, pretrained: str, device: str) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise UserError("scores.device: cuda, but this machine has no CUDA GPU; set it to cpu")
        name = _open_clip_name(model, pretrained)
        try:
            self.model, self.preprocess = open_clip.create_model_from_pretrained(
                name, pretrained=pretrained or None, device=device
            )
            self.tokenizer: Any = open_clip.get_tokenizer(name)
        except (OSError, RuntimeError, ValueError) as error:
            raise UserError(f"scores.model: {model} does not load in open_clip: {error}") from error
        self.model.eval()
        self.device = torch.device(device)

    @torch.no_grad()
    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Return unit embeddings of N texts, (N, d) float32; each distinct text is run once."""
        distinct = list(dict.fromkeys(texts))
        tokens = self.tokenizer(distinct).to(self.device)
        embedded: Tensor = self.model.encode_text(tokens, normalize=True).float()
        position = {text: index for index, text in enumerate(distinct)}
        return embedded[torch.tensor([position[text] for text in texts], device=self.device)]

    @torch.no_grad()
    def embed_images(self, images: Sequence[bytes]) -> Tensor:
        """Return unit embeddings of N encoded images, (N, d) float32."""
        pixels = torch.stack([self.preprocess(_open(data)) for data in images]).to(self.device)
        embedded: Tensor = self.model.encode_image(pixels, normalize=True).float()
        return embedded


def _open_clip_name(model: str, pretrained: str) -> str:
    if model in SHIPPED or Path(model).is_dir():
        return f"local-dir:{model_folder(model, 'scores.model')}"
    known = open_clip.list_models()
    if model not in known:
        raise UserError(
            f"scores.model: {model!r} is neither a folder nor a model of open_clip "
            f"(such as {', '.join(known[:3])}; `open_clip.list_models()` names all)"
        )
    if not pretrained:
        raise UserError(
            f"scores.pretrained: empty, but {model} has no meaning without weights; give "
            "open_clip's tag, such as openai, or the path of a checkpoint"
        )
    return model


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")
