"""Ways to train a network for a long tail, a file each.

Importing this loads no torch: what needs it is imported when it is asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from sau.methods.registry import METHODS, create_method, method_class, method_names, options_of

if TYPE_CHECKING:
    from sau.methods.base import Losses, Method, OptionError
    from sau.methods.inputs import Epoch, MethodContext, Step

__all__ = [
    "METHODS",
    "Epoch",
    "Losses",
    "Method",
    "MethodContext",
    "OptionError",
    "Step",
    "create_method",
    "method_class",
    "method_names",
    "options_of",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("sau.methods.base"), name)
