"""GLIDE text-to-image on diffusers: text encoder, tokens, respaced time steps and pipeline."""

from sau.images.glide.pipeline import GlidePipeline

__all__ = ["GlidePipeline"]
