"""The registry, and what is made from the methods' files: names, options, the table."""

import subprocess
import sys
import typing

import pytest
import torch

from sau import methods
from sau.core.errors import UserError
from sau.methods import METHODS, base, create_method, method_class, method_names, options_of
from sau.methods.__main__ import descriptions, table, with_table
from sau.methods.base import OptionError
from sau.methods.cross_entropy import CrossEntropy
from sau.methods.described import FILE, described_options
from sau.methods.names import MethodName
from sau.pipeline.training.settings import TrainingSection
from tests.methods.conftest import context
from tests.paths import ROOT

PAGE = ROOT / "docs" / "methods" / "README.md"


def test_registry_loads_no_torch() -> None:
    code = (
        "import sys, sau.methods, sau.methods.names, sau.methods.described as d\n"
        "d.described_options('sau').from_mapping({'neighbours': 3})\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_room_offers_the_contract_when_it_is_asked_for() -> None:
    assert methods.Step is base.Step
    assert methods.OptionError is base.OptionError
    assert all(hasattr(methods, name) for name in methods.__all__)
    with pytest.raises(AttributeError, match="'sau.methods' has no attribute 'Stepp'"):
        methods.Stepp  # noqa: B018


def test_registry_names_each_method_as_its_file() -> None:
    for name in method_names():
        assert method_class(name).__module__ == f"sau.methods.{name}"
    assert set(typing.get_args(MethodName)) == set(METHODS)


def test_unknown_method_is_answered_with_the_nearest() -> None:
    for find in (method_class, described_options):
        with pytest.raises(ValueError, match="^name: 'glcm': unknown method; did you mean 'glmc'?"):
            find("glcm")


def test_class_of_ones_own_can_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(CrossEntropy):
        title = "Mine"

    monkeypatch.setitem(METHODS, "mine", Mine)
    assert isinstance(create_method("mine", context()), Mine)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neighbors": 3}, "^neighbors: unknown key; did you mean 'neighbours'?"),
        ({"temperature": 0}, "^temperature: 0 must be above 0"),
        ({"search_backend": "faiss"}, "^search_backend: 'faiss' has no effect with .*search_scope"),
    ],
)
def test_options_are_refused_by_their_own_name(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        create_method("sau", context(), options)
    with pytest.raises(UserError, match="^training.options." + message.removeprefix("^")):
        TrainingSection(method="sau", options=options)


@pytest.mark.parametrize("name", METHODS)
def test_described_options_are_those_of_the_method(name: str) -> None:
    described, real = described_options(name)(), options_of(name)()
    assert described.to_mapping() == real.to_mapping()
    schemas = [type(section).model_json_schema()["properties"] for section in (described, real)]
    assert schemas[0] == schemas[1]


def test_files_made_from_the_methods_are_up_to_date() -> None:
    """`make schema` writes them."""
    assert FILE.read_text(encoding="utf-8") == descriptions()
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page) == page
    assert table() in page


def test_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="^page: no lines"):
        with_table("# Methods\n")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"is_synthetic": torch.zeros(3, dtype=torch.bool)}, r"^is_synthetic: .*\(15,\).*\(3,\)"),
        ({"scores": torch.zeros(15, 1)}, r"^scores: .*\(15,\).*\(15, 1\)"),
        ({"labels": torch.zeros(3, 2)}, r"^labels: expected shape \(N,\), got \(3, 2\)"),
        ({"labels": torch.tensor([0, 3])}, "^labels: up to 3, expected below classes, 3"),
    ],
)
def test_context_of_other_shapes_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        context(**changes)
