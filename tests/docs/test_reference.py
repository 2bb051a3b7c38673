"""The reference names modules that are there, and the README's lines of Python run."""

import importlib.util
import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

ROOT = Path(__file__).parents[2]
NAMED = sorted(
    {
        name
        for page in (ROOT / "docs").rglob("*.md")
        for name in re.findall(r"^::: ([\w.]+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
)


@pytest.mark.parametrize("name", NAMED)
def test_reference_names_what_is_there(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    if importlib.util.find_spec(module) and hasattr(importlib.import_module(module), attribute):
        return
    assert importlib.util.find_spec(name) is not None


def test_reference_is_not_empty() -> None:
    assert len(NAMED) > 10


def test_readme_lines_of_python_run() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(block.splitlines()) <= 7
    generator = torch.Generator().manual_seed(0)
    names = {
        "features": F.normalize(torch.randn(8, 2, 16, generator=generator), dim=2).requires_grad_(),
        "labels": torch.arange(8) % 3,
        "is_synthetic": torch.arange(8) > 3,
        "prototypes": F.normalize(torch.randn(3, 2, 16, generator=generator), dim=2),
    }
    exec(block, names)  # noqa: S102
    gradient = names["features"].grad
    assert gradient is not None
    assert gradient.abs().sum() > 0
