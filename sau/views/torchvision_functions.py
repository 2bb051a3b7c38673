"""torchvision's operations on images, loaded when the first is wanted.

torchvision brings torch's compiler in, which takes seconds: most trainings need neither.
"""

from importlib import import_module
from types import ModuleType


def vision() -> ModuleType:
    """Return `torchvision.transforms.v2.functional`."""
    return import_module("torchvision.transforms.v2.functional")
