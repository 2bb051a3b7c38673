"""Test images are classified after every `evaluate_every`-th epoch, and always after the last."""

from pathlib import Path

import pytest
from torch.testing import assert_close

from sau.networks import Network
from sau.storage.manifest import read
from tests.training.conftest import Inputs, assert_goes_on


def measured_epochs(history: Path) -> list[int]:
    rows = read(history, "history").to_pylist()
    return [row["epoch"] for row in rows if row["name"] == "test/top1"]


@pytest.mark.parametrize(("every", "expected"), [(1, [1, 2, 3, 4]), (3, [3, 4]), (9, [4])])
def test_epochs_that_are_measured(
    every: int, expected: list[int], inputs: Inputs, tmp_path: Path
) -> None:
    found = inputs.train(tmp_path, evaluate_every=every)
    assert measured_epochs(found["history"]) == expected
    predictions = read(found["predictions"], "predictions").to_pandas()
    assert set(predictions.query("selection == 'last'")["epoch"]) == {4}
    assert set(predictions.query("selection == 'best_on_test'")["epoch"]) <= set(expected)


def test_evaluation_changes_nothing_that_is_trained(inputs: Inputs, tmp_path: Path) -> None:
    """The last predictions, the weights and every loss are those of a run measured each epoch."""
    each, last = (
        inputs.train(tmp_path / name, evaluate_every=every)
        for name, every in (("each", 1), ("last", 4))
    )
    weights = [Network.from_pretrained(found["model"]).state_dict() for found in (each, last)]
    assert_close(*weights, rtol=0, atol=0)
    histories = [read(found["history"], "history").to_pylist() for found in (each, last)]
    kept = [[row for row in rows if row["name"] != "test/top1"] for rows in histories]
    assert kept[0] == kept[1]
    final = [
        read(found["predictions"], "predictions").to_pandas().query("selection == 'last'")
        for found in (each, last)
    ]
    assert final[0].equals(final[1])


def test_killed_run_that_has_measured_nothing_yet_ends_in_the_same_bytes(
    inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_goes_on(inputs, tmp_path, monkeypatch, 2, evaluate_every=3)
