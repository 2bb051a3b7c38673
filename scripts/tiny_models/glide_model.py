"""The tiny GLIDE: the published one's block types at 16 x 16 pixels, 1.6 million parameters."""

from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn

from sau.images.glide.text_encoder import GlideTextEncoder

CONTEXT_LENGTH = 32
TEXT_WIDTH = 64


class TextToNoise(nn.Module):
    """The text encoder and the image network as one trainable module."""

    def __init__(self, vocabulary_size: int) -> None:
        super().__init__()
        self.text_encoder = GlideTextEncoder(vocabulary_size, CONTEXT_LENGTH, TEXT_WIDTH, 2, 1)
        self.unet = UNet2DConditionModel(
            sample_size=16,
            in_channels=3,
            out_channels=6,
            flip_sin_to_cos=True,
            freq_shift=0,
            down_block_types=("ResnetDownsampleBlock2D", *("SimpleCrossAttnDownBlock2D",) * 2),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            up_block_types=(*("SimpleCrossAttnUpBlock2D",) * 2, "ResnetUpsampleBlock2D"),
            block_out_channels=(32, 64, 64),
            layers_per_block=1,
            norm_eps=1e-5,
            cross_attention_dim=TEXT_WIDTH,
            attention_head_dim=64,
            resnet_time_scale_shift="scale_shift",
            class_embed_type="simple_projection",
            projection_class_embeddings_input_dim=TEXT_WIDTH,
        )
        self._initialise()

    def _initialise(self) -> None:
        encoder = self.text_encoder
        for embedding in (encoder.positional_embedding, encoder.padding_embedding):
            nn.init.normal_(embedding, std=0.02)
        nn.init.normal_(encoder.token_embedding.weight, std=0.02)
        # A network that starts by predicting no noise at all trains faster (Ho et al. 2020).
        nn.init.zeros_(self.unet.conv_out.weight)
        nn.init.zeros_(self.unet.conv_out.bias)

    def forward(self, noisy: Tensor, steps: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """Noise and variance position (B, 6, 16, 16) of noisy images (B, 3, 16, 16)."""
        hidden = self.text_encoder(ids, mask)
        summary = self.text_encoder.pool(hidden)
        output: Tensor = self.unet(noisy, steps, hidden, class_labels=summary).sample
        return output
