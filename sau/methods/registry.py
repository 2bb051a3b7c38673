"""The methods by name; a file is imported, and torch with it, when its method is asked for."""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sau.core.errors import ArgumentError
from sau.settings.names import unknown_key
from sau.settings.section import Section

if TYPE_CHECKING:
    from sau.methods.base import Method
    from sau.methods.inputs import MethodContext

METHODS: "dict[str, str | type[Method[Any]]]" = {
    "cross_entropy": "sau.methods.cross_entropy:CrossEntropy",
    "cb_focal": "sau.methods.cb_focal:CbFocal",
    "mixup": "sau.methods.mixup:Mixup",
    "cutmix": "sau.methods.cutmix:Cutmix",
    "balanced_softmax": "sau.methods.balanced_softmax:BalancedSoftmax",
    "logit_adjustment": "sau.methods.logit_adjustment:LogitAdjustment",
    "ldam_drw": "sau.methods.ldam_drw:LdamDrw",
    "hybrid_sc": "sau.methods.hybrid_sc:HybridSc",
    "paco": "sau.methods.paco:Paco",
    "bcl": "sau.methods.bcl:Bcl",
    "glmc": "sau.methods.glmc:Glmc",
    "max_norm": "sau.methods.max_norm:MaxNorm",
    "sure": "sau.methods.sure:Sure",
    "proco": "sau.methods.proco:Proco",
    "sau": "sau.methods.sau:Sau",
}
"""Module and class of each method, in the order of the documentation's table.

A class of one's own may be added as it is: `METHODS["mine"] = Mine`.
"""


def method_names() -> list[str]:
    """Return the names of all methods."""
    return list(METHODS)


def method_class(name: str) -> "type[Method[Any]]":
    """Return the class of a method.

    Raises:
        ValueError: no method has that name; the message names the nearest one.
    """
    if name not in METHODS:
        raise ValueError(unknown_key(f"name: {name!r}", name, METHODS, "method"))
    entry = METHODS[name]
    if not isinstance(entry, str):
        return entry
    module, _, attribute = entry.partition(":")
    found: type[Method[Any]] = getattr(importlib.import_module(module), attribute)
    return found


def options_of(name: str) -> type[Section]:
    """Return the class of a method's options; ValueError as in `method_class`."""
    return method_class(name).Options


def create_method(
    name: str, context: "MethodContext", options: Mapping[str, Any] | None = None
) -> "Method[Any]":
    """Make a method, on the device of the context's labels.

    Its heads are drawn from torch's global generator.

    Args:
        name: one of `method_names()`.
        context: what it is made for.
        options: of the method, by name; the paper's for those left out.

    Raises:
        ValueError: an unknown name.
        OptionError: an unknown option, one out of its range, or one that the training images or
            this machine cannot have. It is a ValueError and begins with the option's name.
    """
    from sau.methods.base import OptionError

    cls = method_class(name)
    try:
        chosen = cls.Options.from_mapping(options or {})
    except ArgumentError as error:
        raise OptionError(str(error)) from error
    return cls(chosen, context).to(context.device)
