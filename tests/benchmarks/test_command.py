"""What the command lines of the benchmarks have in common."""

import pytest
import torch

from benchmarks.command import resolve_device
from sau.core.errors import UserError


def test_cuda_without_a_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="--device: cuda"):
        resolve_device("cuda")
    assert resolve_device("cpu") == torch.device("cpu")
