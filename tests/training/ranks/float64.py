"""Training with so many digits that no rounding hides a mistake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from sau.data import batches
from sau.engine import prediction

FLOAT = Tensor.float


@contextmanager
def float64() -> Iterator[None]:
    """Compute all but the views in float64, which the code itself knows nothing of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "view", in_float32(batches.view))
        patch.setattr(prediction, "test_view", in_float32(prediction.test_view))
        patch.setattr(Tensor, "float", Tensor.double)
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(torch.float32)


def in_float32(view: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def double_view(*arguments: Any) -> Tensor:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Tensor, "float", FLOAT)
            torch.set_default_dtype(torch.float32)
            try:
                return view(*arguments).double()
            finally:
                torch.set_default_dtype(torch.float64)

    return double_view
