"""Matrix products and convolutions, counted where they are computed."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

_WHOLE: set[Any] = {torch.ops.prim.device.default}
"""What is known not to come to pieces: asking takes longer than most operations."""


class OperationCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the floating-point operations of what is computed within, forward and backward.

    The numbers are those of `torch.utils.flop_counter.FlopCounterMode`, by its formulas. That one
    tells modules apart as well, and loads PyTorch's compiler, for three seconds.

    Attributes:
        total: operations up to now, over all uses; a multiplication and an addition are two.
    """

    supports_higher_order_operators = False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Compute `func`, and add what it takes; one without a formula is taken to pieces."""
        keywords = dict(kwargs or {})
        formula = flop_registry.get(func._overloadpacket)
        if formula is None and func not in _WHOLE:
            with self:
                result = func.decompose(*args, **keywords)
            if result is not NotImplemented:
                return result
            _WHOLE.add(func)
        result = func(*args, **keywords)
        if formula is not None:
            self.total += formula(*args, **keywords, out_val=result)
        return result


# PyTorch wraps it when the class is made, so as to keep the compiler out; a call would load that.
OperationCounter.__torch_dispatch__ = inspect.unwrap(  # type: ignore[method-assign]
    OperationCounter.__torch_dispatch__
)
