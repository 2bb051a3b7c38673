"""GLIDE text-to-image on diffusers: pipelines, text encoder, samplers and published checkpoints."""

import importlib
from typing import TYPE_CHECKING, Any

from sau.glide.registration import register

if TYPE_CHECKING:
    from sau.glide.arguments import seeded as seeded
    from sau.glide.cascade import GlideCascadePipeline as GlideCascadePipeline
    from sau.glide.cascade import GlideUpsamplePipeline as GlideUpsamplePipeline
    from sau.glide.pipeline import GlidePipeline as GlidePipeline

_HOMES = {
    "GlideCascadePipeline": "sau.glide.cascade",
    "GlidePipeline": "sau.glide.pipeline",
    "GlideUpsamplePipeline": "sau.glide.cascade",
    "seeded": "sau.glide.arguments",
}
"""Names and their modules, which are imported when a name is asked for: diffusers takes seconds."""

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


register()
