from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo import config

from sau.core.errors import UserError
from sau.device.compiling import SHAPES, check_compiler, compile_copying, compile_network


@pytest.mark.parametrize(
    ("device", "variable", "name", "language"),
    [("cpu", "CXX", "g++", r"C\+\+"), ("cuda", "CC", "clang", "C")],
)
def test_compiling_needs_a_compiler(
    device: str,
    variable: str,
    name: str,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """On a GPU too: Triton has a small program in C compiled."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UserError, match=f"images.compile: default, but there is no {language} co"):
        check_compiler(torch.device(device), "default", "images")
    (tmp_path / name).write_text("")
    (tmp_path / name).chmod(0o755)
    check_compiler(torch.device(device), "default", "images")


def test_cpu_has_no_graphs() -> None:
    with pytest.raises(UserError, match="training.compile: reduce-overhead records CUDA graphs"):
        check_compiler(torch.device("cpu"), "reduce-overhead", "training")


class Backend:
    """Compiles nothing, and counts how often it is asked to."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, module: Any, inputs: Any) -> Any:
        self.count += 1
        return module.forward


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    made, compile_ = Backend(), torch.compile

    def compile_with(function: Any, mode: str, dynamic: bool) -> Any:
        return compile_(function, backend=made, dynamic=dynamic)

    monkeypatch.setattr(torch, "compile", compile_with)
    torch.compiler.reset()
    with config.patch(recompile_limit=8):
        yield made


def test_network_is_compiled_for_more_shapes_than_pytorch_allows_by_itself(
    backend: Backend,
) -> None:
    network = nn.Linear(2, 2)
    compile_network(network, "default")
    for size in [*range(2, 14), *range(2, 14)]:
        network(torch.zeros(size, 2))
    assert backend.count == 12 < SHAPES


class Overwriting(nn.Module):
    """Writes every result into the same memory, as a CUDA graph does."""

    def __init__(self) -> None:
        super().__init__()
        self.result = torch.zeros(2)

    def forward(self, value: float) -> dict[str, Tensor]:
        return {"result": self.result.fill_(value)}


def test_results_of_a_recorded_graph_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    network = Overwriting()
    compile_copying(network, "reduce-overhead")
    first, second = network(1.0)["result"], network(2.0)["result"]
    assert first.tolist() == [1.0, 1.0]
    assert second.tolist() == [2.0, 2.0]
