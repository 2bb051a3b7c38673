"""The reference names modules that are there, and the README's lines of Python run."""

import importlib.util
import re

import pytest
import torch
import torch.nn.functional as F

from tests.paths import ROOT

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
    assert len(NAMED) > 5


def test_readme_lines_of_python_run() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(block.splitlines()) <= 7
    generator = torch.Generator().manual_seed(0)
    names = {
        "images": torch.rand(12, 3, 32, 32, generator=generator),
        "labels": torch.arange(12) % 3,
        "generated": torch.arange(12) > 5,
        "features": F.normalize(torch.randn(12, 2, 16, generator=generator), dim=2),
        "prototypes": F.normalize(torch.randn(3, 2, 16, generator=generator), dim=2),
    }
    assert "epochs=20" in block
    exec(block.replace("epochs=20", "epochs=1"), names)  # noqa: S102
    counts = ", ".join(map(str, names["counts"]))
    assert re.fullmatch("5000, 2997, .*, 50", counts)
    assert names["loss"].isfinite()
    assert names["network"] is names["result"].network
