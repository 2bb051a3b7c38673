"""`sau cross-validate`: predictions of all folds, pooled."""

import pandas as pd
import pytest
from scipy.stats import binomtest

from sau.__main__ import main
from sau.core.errors import UserError
from sau.tools.cross_validate.command import report
from sau.tools.cross_validate.pool import pooled, wilson


def fold(ids, labels, *predicted):
    """Predictions of a fold by several networks."""
    return pd.concat(
        pd.DataFrame({"id": ids, "label": labels, "predicted": found, "run": f"seed-{seed}"})
        for seed, found in enumerate(predicted)
    )


FOLDS = [
    fold(["a", "b", "c"], [0, 0, 1], [0, 0, 1], [0, 1, 0]),
    fold(["d", "e"], [0, 1], [1, 1], [0, 1]),
]


def test_images_of_all_folds_are_pooled():
    found = pooled("ce", "CE", "as-is", FOLDS)
    assert (found.images, found.seeds) == (5, 2)
    assert found.top1 == pytest.approx(100 * (4 / 5 + 3 / 5) / 2)
    recalls = [(2 / 3 + 1) / 2, (2 / 3 + 1 / 2) / 2]
    assert found.balanced_accuracy == pytest.approx(100 * sum(recalls) / 2)
    assert found.low < found.top1 < found.high
    (line,) = report([found])
    assert line.startswith("CE, as-is: top-1 70.00 % (")
    assert line.endswith("5 images, 2 networks for each")


@pytest.mark.parametrize(("hits", "count"), [(0, 7), (7, 10), (150, 204), (30, 30)])
def test_interval_is_that_of_scipy(hits, count):
    expected = binomtest(hits, count).proportion_ci(method="wilson")
    assert wilson(hits / count, count) == pytest.approx(tuple(expected), abs=1e-6)


def test_image_of_two_folds_is_refused():
    with pytest.raises(UserError, match="tested on in two folds"):
        pooled("ce", "CE", "as-is", [FOLDS[0], FOLDS[0]])


def test_config_without_folds_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["cross-validate"]) == 2
    assert "dataset.test_split: per-class, but cross-validation is of folds" in (
        capsys.readouterr().err
    )
