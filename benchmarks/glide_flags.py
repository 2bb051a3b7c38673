"""Flags of the benchmarks that draw with a model of GLIDE."""

from argparse import ArgumentParser, Namespace

from benchmarks.command import positive
from sau.pipeline.images.settings import ImagesSettings


def add_glide(parser: ArgumentParser, *, batch_size: int) -> None:
    """Add the flags of the model and of how it draws; `batch_size` is the default."""
    parser.add_argument("--model", default="tiny-glide", help="of GLIDE: shipped, or a folder")
    parser.add_argument("--steps", default="10", help="of a picture")
    parser.add_argument("--batch-size", type=positive, default=batch_size, help="images at once")


def glide_of(arguments: Namespace) -> ImagesSettings:
    """Return the settings of the images stage that the flags stand for."""
    return ImagesSettings(
        source="glide",
        model=arguments.model,
        steps=arguments.steps,
        batch_size=arguments.batch_size,
        threads=arguments.threads,
        device=arguments.device,
    )
