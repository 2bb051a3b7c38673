"""CLIP, by open_clip: texts and images to embeddings of unit length."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sau.device.transfer import upload
from sau.pipeline.scores.enlarge import enlarge
from sau.pipeline.scores.loaded_model import LoadedModel
from sau.pipeline.scores.prepare import Pixels


class Clip:
    """Embeds texts and images, a batch at a time.

    Args:
        loaded: the model, on `device`.
        device: where it computes; on a GPU nothing here waits for it.
        precision: of the model's matrix products, by autocast; what it gives is float32.

    Attributes:
        scale: what cosines are multiplied with before a softmax, exp of the model's `logit_scale`.
        autocast: the context in which the model computes.
    """

    def __init__(
        self, loaded: LoadedModel, device: torch.device, precision: Literal["float32", "bfloat16"]
    ) -> None:
        self.loaded = loaded
        self.device = device
        self.scale = float(loaded.model.logit_scale.detach().exp())
        self.autocast = torch.autocast(
            device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"
        )
        self._mean = torch.tensor(loaded.mean, device=device)[:, None, None]
        self._std = torch.tensor(loaded.std, device=device)[:, None, None]

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str], batch_size: int) -> Tensor:
        """Return unit embeddings of N texts, (N, d) float32; N is at least 1.

        A text that is longer than the model's context is cut by its tokenizer.
        """
        parts = []
        for start in range(0, len(texts), batch_size):
            tokens = self.loaded.tokenizer(list(texts[start : start + batch_size]))
            with self.autocast:
                embedded = self.loaded.model.encode_text(tokens.to(self.device))
            parts.append(F.normalize(embedded.float(), dim=1))
        return torch.cat(parts)

    @torch.inference_mode()
    def embed_images(self, pixels: Sequence[Pixels]) -> Tensor:
        """Return unit embeddings of N images, (N, d) float32.

        Args:
            pixels: of the model's size or smaller squares, mixed; N is at least 1.
        """
        return self.embed_normalised(self.normalised(pixels))

    @torch.inference_mode()
    def normalised(self, pixels: Sequence[Pixels]) -> Tensor:
        """Return what the image tower takes: (N, 3, S, S) float32 on the device."""
        places: dict[int, list[int]] = {}
        for place, image in enumerate(pixels):
            places.setdefault(len(image), []).append(place)
        parts = [self._squares([pixels[place] for place in same]) for same in places.values()]
        levels = parts[0] if len(parts) == 1 else _in_order(parts, list(places.values()))
        return levels.div_(255).sub_(self._mean).div_(self._std)

    @torch.inference_mode()
    def embed_normalised(self, images: Tensor) -> Tensor:
        """Return unit embeddings, (N, d) float32, of what `normalised` gives."""
        with self.autocast:
            embedded = self.loaded.model.encode_image(images)
        return F.normalize(embedded.float(), dim=1)

    def _squares(self, pixels: Sequence[Pixels]) -> Tensor:
        """Return images of one size on the device, enlarged: (N, 3, S, S) float32, 0 to 255."""
        stacked = upload(torch.from_numpy(np.stack(pixels)), self.device)
        images = stacked.permute(0, 3, 1, 2).float()
        geometry = self.loaded.geometry
        if images.shape[-1] == geometry.side:
            return images
        return enlarge(images, geometry.side, geometry.bilinear)


def _in_order(parts: Sequence[Tensor], places: Sequence[Sequence[int]]) -> Tensor:
    """Return the rows of all parts, each row at its place."""
    order = torch.tensor([place for same in places for place in same])
    return torch.cat(list(parts))[upload(order.argsort(), parts[0].device)]
