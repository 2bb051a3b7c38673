"""The parts of a pipeline from files that OpenAI published."""

from pathlib import Path

from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from transformers import GPT2Tokenizer

from sau.glide.architecture import Architecture
from sau.glide.openai.checkpoint import read_checkpoint
from sau.glide.openai.convert import convert
from sau.glide.openai.vocabulary import read_vocabulary
from sau.glide.text_encoder import GlideTextEncoder


def load_openai(
    checkpoint: Path, vocabulary: Path | None, architecture: Architecture
) -> tuple[GPT2Tokenizer, GlideTextEncoder, UNet2DConditionModel, DDPMScheduler]:
    """Read a checkpoint and the vocabulary, and return the four parts of a pipeline.

    Args:
        checkpoint: a PyTorch state dict, such as `base.pt`.
        vocabulary: folder of `encoder.json` and `vocab.bpe`; None is the checkpoint's folder.
        architecture: the sizes that the checkpoint should have.

    Raises:
        UserError: a file that is missing, damaged or malicious, or does not fit the sizes.
    """
    folder = checkpoint.parent if vocabulary is None else vocabulary
    tokenizer = read_vocabulary(folder, architecture.vocabulary_size)
    networks = convert(read_checkpoint(checkpoint), architecture, str(checkpoint))
    return tokenizer, *networks, architecture.scheduler()
