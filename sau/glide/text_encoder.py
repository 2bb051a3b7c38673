"""GLIDE's text encoder: a transformer that reads the whole context, padding included."""

import sys

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

NORM_EPSILON = 1e-5

EARLIER_NAMES = ("sau.images.glide.text_encoder",)
"""What this module was called when folders were saved that are still about."""

for _name in EARLIER_NAMES:
    # diffusers takes a component's class from the module that a folder names, if it is imported.
    sys.modules.setdefault(_name, sys.modules[__name__])


class SelfAttention(nn.Module):
    """Multi-head self-attention without a mask: (B, T, width) to (B, T, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads != 0:
            raise ValueError(f"width {width} cannot be divided among {heads} heads")
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        """Mix every slot with every other one, padded slots too."""
        batch, length, width = hidden.shape
        packed: Tensor = self.query_key_value(hidden)
        packed = packed.view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        merged: Tensor = self.output(mixed.transpose(1, 2).reshape(batch, length, width))
        return merged


class TransformerBlock(nn.Module):
    """Pre-norm transformer block with an exact (erf) GELU: (B, T, width) to (B, T, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.attention = SelfAttention(width, heads)
        self.feed_forward_norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="none"), nn.Linear(4 * width, width)
        )

    def forward(self, hidden: Tensor) -> Tensor:
        """Add the attention's, then the feed-forward network's, output to the input."""
        hidden = hidden + self.attention(self.attention_norm(hidden))
        added: Tensor = hidden + self.feed_forward(self.feed_forward_norm(hidden))
        return added


class GlideTextEncoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Text transformer of GLIDE, loaded and saved like a diffusers model.

    A padded slot is filled by a learned embedding of its own, which stands in for both the token
    and the position; no attention mask is used, so padding takes part. The sequence is summarised
    by its last slot (`pool`), not by the end of the text. `width` is the cross-attention width
    of the image network, whose class embedding projects the summary.

    Source: Nichol et al., "GLIDE", section 4.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self, vocab_size: int, context_length: int, width: int, layers: int, heads: int
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token_embedding = nn.Embedding(vocab_size, width)
        self.positional_embedding = nn.Parameter(torch.zeros(context_length, width))
        self.padding_embedding = nn.Parameter(torch.zeros(context_length, width))
        self.blocks = nn.ModuleList(TransformerBlock(width, heads) for _ in range(layers))
        self.final_norm = nn.LayerNorm(width, eps=NORM_EPSILON)

    def forward(self, ids: Tensor, mask: Tensor, learned: Tensor | None = None) -> Tensor:
        """Encode tokens: ids (B, T) int64 and mask (B, T) bool (True: text) to (B, T, width).

        Ids from the size of the vocabulary on are those of `learned` (V, width) vectors.

        Raises ValueError if T is not the context length.
        """
        if ids.shape != mask.shape or ids.shape[1] != self.positional_embedding.shape[0]:
            expected = self.positional_embedding.shape[0]
            raise ValueError(
                f"ids {tuple(ids.shape)} and mask {tuple(mask.shape)} must be (B, {expected})"
            )
        embedded = self._embedded(ids, learned) + self.positional_embedding
        hidden = torch.where(mask.unsqueeze(-1), embedded, self.padding_embedding)
        for block in self.blocks:
            hidden = block(hidden)
        normed: Tensor = self.final_norm(hidden)
        return normed

    def _embedded(self, ids: Tensor, learned: Tensor | None) -> Tensor:
        """Embeddings of tokens, (B, T, width), those of learned words among them."""
        if learned is None:
            own: Tensor = self.token_embedding(ids)
            return own
        own = self.token_embedding(ids.clamp(max=self.token_embedding.num_embeddings - 1))
        number = ids - self.token_embedding.num_embeddings
        return torch.where((number >= 0).unsqueeze(-1), learned.to(own)[number.clamp(min=0)], own)

    @staticmethod
    def pool(hidden: Tensor) -> Tensor:
        """Summary of the text, its last slot: (B, T, width) to (B, width)."""
        return hidden[:, -1]
