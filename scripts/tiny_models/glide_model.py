"""The tiny GLIDE: the published one's block types at 16 x 16 pixels, 1.6 million parameters."""

import dataclasses

from torch import Tensor, nn

from sau.glide.architecture import Architecture

TINY = Architecture(
    image_size=16,
    channels=(32, 64, 64),
    layers=1,
    attention=(False, True, True),
    beta_schedule="squaredcos_cap_v2",
    text_width=64,
    text_layers=2,
    text_heads=1,
    context_length=32,
)
"""But for the size of its vocabulary, which is that of the captions."""


class TextToNoise(nn.Module):
    """The text encoder and the image network as one trainable module."""

    def __init__(self, vocabulary_size: int) -> None:
        super().__init__()
        sizes = dataclasses.replace(TINY, vocabulary_size=vocabulary_size)
        self.text_encoder = sizes.text_encoder()
        self.unet = sizes.unet()
        self._initialise()

    def _initialise(self) -> None:
        encoder = self.text_encoder
        for embedding in (encoder.positional_embedding, encoder.padding_embedding):
            nn.init.normal_(embedding, std=0.02)
        nn.init.normal_(encoder.token_embedding.weight, std=0.02)
        # A network that starts by predicting no noise at all trains faster (Ho et al. 2020).
        for parameter in self.unet.conv_out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, noisy: Tensor, steps: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """Noise and variance position (B, 6, 16, 16) of noisy images (B, 3, 16, 16)."""
        hidden = self.text_encoder(ids, mask)
        summary = self.text_encoder.pool(hidden)
        output: Tensor = self.unet(noisy, steps, hidden, class_labels=summary).sample
        return output
