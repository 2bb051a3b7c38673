"""The page of the names that `import sau` offers."""

from pathlib import Path

import pytest

import sau
from scripts.site.public_names import public_names, public_reference
from tests.paths import ROOT

FACE = """from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sau.losses.contrastive import synthetic_aware_loss as synthetic_aware_loss
    from sau.metrics import (
        shots as parts,
    )

from sau.core import errors
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "sau" / "metrics").mkdir(parents=True)
    (tmp_path / "sau" / "__init__.py").write_text(FACE)
    (tmp_path / "sau" / "metrics" / "__init__.py").write_text("from sau.metrics.shots import shots")
    (tmp_path / "sau" / "metrics" / "shots.py").write_text("def shots(): ...")
    return tmp_path


def test_public_names_are_those_imported_for_type_checkers(root: Path) -> None:
    assert public_names(root) == {
        "synthetic_aware_loss": "sau.losses.contrastive.synthetic_aware_loss",
        "parts": "sau.metrics.shots.shots",
    }


def test_public_names_are_those_of_the_package() -> None:
    names = public_names(ROOT)
    assert sorted(names) == sorted(set(sau.__all__) - {"__version__"})
    page = public_reference(names)
    assert [name for name in names if f"{{heading: sau.{name}}}" not in page] == []


def test_public_reference_has_each_name_under_its_room(root: Path) -> None:
    metrics, losses = public_reference(public_names(root)).split("## Losses\n")
    assert "::: sau.losses.contrastive.synthetic_aware_loss\n" in losses
    assert "::: sau.metrics.shots.shots\n    options: {heading: sau.parts}\n" in metrics


def test_public_reference_refuses_a_room_without_a_heading() -> None:
    with pytest.raises(ValueError, match="from the room 'storage', expected one of"):
        public_reference({"files": "sau.storage.files.files"})
