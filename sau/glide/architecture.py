"""The sizes of GLIDE's networks, and empty networks of those sizes."""

from dataclasses import dataclass

from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

from sau.glide.text_encoder import GlideTextEncoder

IMAGE_CHANNELS = 3


@dataclass(frozen=True)
class Architecture:
    """The sizes of one GLIDE network and its text encoder, and its noise schedule.

    `channels` has the width of each level, finest first; a level has `layers` residual blocks on
    the way down and one more on the way up, each followed by attention where `attention` says so.
    `upsampler` is whether a low-resolution image comes in along with the noisy one.
    """

    image_size: int
    channels: tuple[int, ...]
    layers: int
    attention: tuple[bool, ...]
    beta_schedule: str
    upsampler: bool = False
    head_channels: int = 64
    text_width: int = 512
    text_layers: int = 16
    text_heads: int = 8
    context_length: int = 128
    vocabulary_size: int = 50257

    def text_encoder(self) -> GlideTextEncoder:
        """Return a text encoder of these sizes, its weights not trained."""
        sizes = (self.vocabulary_size, self.context_length, self.text_width)
        encoder: GlideTextEncoder = GlideTextEncoder(*sizes, self.text_layers, self.text_heads)
        return encoder

    def unet(self) -> UNet2DConditionModel:
        """Return an image network of these sizes, its weights not trained."""
        down = [
            "SimpleCrossAttnDownBlock2D" if attends else "ResnetDownsampleBlock2D"
            for attends in self.attention
        ]
        up = [
            "SimpleCrossAttnUpBlock2D" if attends else "ResnetUpsampleBlock2D"
            for attends in reversed(self.attention)
        ]
        unet: UNet2DConditionModel = UNet2DConditionModel(
            sample_size=self.image_size,
            in_channels=IMAGE_CHANNELS * (2 if self.upsampler else 1),
            out_channels=2 * IMAGE_CHANNELS,
            flip_sin_to_cos=True,
            freq_shift=0,
            down_block_types=tuple(down),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            up_block_types=tuple(up),
            block_out_channels=self.channels,
            layers_per_block=self.layers,
            norm_eps=1e-5,
            cross_attention_dim=self.text_width,
            attention_head_dim=self.head_channels,
            resnet_time_scale_shift="scale_shift",
            class_embed_type="simple_projection",
            projection_class_embeddings_input_dim=self.text_width,
        )
        return unet

    def scheduler(self) -> DDPMScheduler:
        """Return the noise schedule that the network was trained with."""
        scheduler: DDPMScheduler = DDPMScheduler(
            num_train_timesteps=1000,
            beta_schedule=self.beta_schedule,
            beta_start=0.0001,
            beta_end=0.02,
            variance_type="learned_range",
            prediction_type="epsilon",
            clip_sample=True,
        )
        return scheduler


BASE = Architecture(
    image_size=64,
    channels=(192, 384, 576, 768),
    layers=3,
    attention=(False, True, True, True),
    beta_schedule="squaredcos_cap_v2",
)
"""The published text-to-image network at 64 x 64 pixels, 385 million parameters."""

UPSAMPLER = Architecture(
    image_size=256,
    channels=(192, 192, 384, 384, 768, 768),
    layers=2,
    attention=(False, False, False, True, True, True),
    beta_schedule="linear",
    upsampler=True,
)
"""The published network from 64 x 64 to 256 x 256 pixels, 398 million parameters."""
