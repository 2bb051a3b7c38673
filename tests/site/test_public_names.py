"""The page of the names that `import sau` offers."""

import pytest

from scripts.site.public_names import public_names, public_reference

SOURCE = '''"""A face."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sau.losses.contrastive import synthetic_aware_loss as synthetic_aware_loss
    from sau.metrics import (
        top1 as accuracy,
    )

from sau.core import errors
'''


def test_public_names_are_those_imported_for_type_checkers() -> None:
    assert public_names(SOURCE) == {
        "synthetic_aware_loss": "sau.losses.contrastive.synthetic_aware_loss",
        "accuracy": "sau.metrics.top1",
    }


def test_public_reference_has_each_name_under_its_room() -> None:
    page = public_reference(public_names(SOURCE))
    losses, metrics = page.split("## Losses\n")[1].split("## Metrics\n")
    assert "::: sau.losses.contrastive.synthetic_aware_loss\n" in losses
    assert "::: sau.metrics.top1\n    options: {heading: sau.accuracy}\n" in metrics


def test_public_reference_refuses_a_room_without_a_heading() -> None:
    with pytest.raises(ValueError, match="from the room 'storage', expected one of"):
        public_reference({"files": "sau.storage.files.files"})
