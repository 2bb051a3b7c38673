"""Lets `DiffusionPipeline.from_pretrained` find the pipelines of GLIDE where `sau` is installed."""

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PIPELINES = ("GlidePipeline", "GlideUpsamplePipeline", "GlideCascadePipeline")
"""Names in `model_index.json`, which diffusers looks for among its own alone."""

LOADER = "diffusers.pipelines.pipeline_utils"
"""The module of `DiffusionPipeline`; when it is imported, diffusers itself has been."""


def register() -> None:
    """Make the pipelines attributes of diffusers, loaded when they are asked for.

    Where diffusers has not been imported yet, this waits for it and imports nothing. PyTorch calls
    it at the end of its own import (entry point `torch.backends` of this package, off with
    TORCH_DEVICE_BACKEND_AUTOLOAD=0), and so does `import sau.glide`. A second call does nothing.
    """
    if LOADER in sys.modules:
        _extend(sys.modules["diffusers"])
    elif not any(isinstance(finder, _Waiting) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Waiting())


class _Waiting(MetaPathFinder):
    """Finds nothing itself: it is there to be asked for `LOADER`, once."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Return None, so that the next finder is asked."""
        if fullname == LOADER:
            sys.meta_path.remove(self)
            _extend(sys.modules["diffusers"])
        return None


def _extend(diffusers: ModuleType) -> None:
    """Answer for the pipelines' names, unless diffusers has such names of its own (PEP 562)."""
    missing = set(PIPELINES).difference(getattr(diffusers, "__all__", ()))

    def pipeline(name: str) -> Any:
        if name not in missing:
            raise AttributeError(f"module 'diffusers' has no attribute {name!r}")
        import sau.glide  # its networks, which whoever does not ask for them need not wait for

        return getattr(sau.glide, name)

    vars(diffusers).setdefault("__getattr__", pipeline)
