import math
import shutil

import numpy as np
import pytest
from scipy.stats import spearmanr

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.manifest.reading import read_record
from sau.tools.quality.figures import ClassFigures
from sau.tools.quality.gains import Gains, correlations, read_gains
from tests.pipeline.report.conftest import World, write_world


def laid_out(folder, **world):
    """Lay metrics out as the workflow does, and return them by row and seed."""
    files = write_world(folder / "made", World(seeds=(0, 1, 2), **world))
    found = {}
    hashes = {}
    for name, stage in (("train", "dataset"), ("kept", "filter")):
        place = folder / "results" / stage / f"{name}.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        (files.folder / place.name).rename(place)
        hashes[name] = [read_record(place).content_sha256]
    for path in files.metrics:
        target = folder / "results/evaluation" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        table, made = manifest.read(path, "metrics"), manifest.read_metadata(path)["provenance"]
        of_images = {"predictions.train_images": hashes["train"]}
        of_images |= {"members.kept": hashes["kept"]} if made["data"] == "balanced" else {}
        manifest.write(target, "metrics", table, made | {"earlier_inputs": of_images})
        rows = table.to_pandas()
        recall = rows[rows["split"] == "class"].sort_values("label")["top1_last"].to_numpy()
        found[made["label"], made["seed"]] = recall
    return found


def test_gain_is_the_mean_over_seeds_of_each_class(tmp_path):
    recall = laid_out(tmp_path)
    gains = read_gains(tmp_path / "results", "SAU", "CE", "", 3)
    each = np.array([recall["SAU", seed] - recall["CE", seed] for seed in range(3)])
    assert gains.mean == pytest.approx(each.mean(axis=0))
    assert gains.standard_error == pytest.approx(each.std(axis=0, ddof=1) / math.sqrt(3))
    assert (gains.factor, gains.seeds) == ("10", 3)
    assert gains.real.tolist() == World().real


def test_rows_and_factors_that_are_not_there(tmp_path):
    laid_out(tmp_path)
    results = tmp_path / "results"
    with pytest.raises(UserError, match="--row: no row 'SAUU' in .*; did you mean 'SAU'"):
        read_gains(results, "SAUU", "CE", "", 3)
    with pytest.raises(UserError, match="--baseline: no row 'x' in .*; known are CE"):
        read_gains(results, "SAU", "x", "", 3)
    with pytest.raises(UserError, match="--imbalance-factor: 100, but 'SAU' and 'CE' have 10 in"):
        read_gains(results, "SAU", "CE", "100", 3)


def test_runs_on_earlier_images_do_not_count(tmp_path):
    """Their labels are other ones, so that they stand beside those of the later run."""
    earlier = (("old", "Old", "sau", "balanced"), ("plain", "Plain", "cross_entropy", "real"))
    laid_out(tmp_path / "a", methods=earlier, side=9)
    laid_out(tmp_path / "b")
    results = tmp_path / "b/results"
    for folder in (tmp_path / "a/results/evaluation").iterdir():
        folder.rename(results / "evaluation" / folder.name)
    with pytest.raises(UserError, match="--row: no row 'Old'"):
        read_gains(results, "Old", "CE", "", 3)
    assert read_gains(results, "SAU", "CE", "", 3).seeds == 3
    for name in ("dataset/train.parquet", "filter/kept.parquet"):
        (tmp_path / "a/results" / name).rename(results / name)
    for folder in (results / "evaluation").glob("old-*"):
        shutil.rmtree(folder)
    with pytest.raises(UserError, match="--row: no row 'SAU'"):
        read_gains(results, "SAU", "CE", "", 3)


def figures(values, **others):
    nothing = dict.fromkeys(ClassFigures.__dataclass_fields__, math.nan)
    return [
        ClassFigures(**(nothing | {"name": "x", "few": "", "coverage": value} | others))
        for value in values
    ]


def gains_of(values):
    missing = np.full(len(values), math.nan)
    return Gains(np.array(values), missing, "10", 1, missing)


def test_correlation_equals_scipys_and_lies_in_its_interval():
    random = np.random.default_rng(0)
    values = random.normal(size=40)
    gains = values + random.normal(size=40)
    (found,) = correlations(figures(values), gains_of(gains), 0).values()
    assert found.value == pytest.approx(spearmanr(values, gains).statistic)
    assert 0 < found.low < found.value < found.high < 1
    assert correlations(figures(values), gains_of(gains), 0) == {"coverage": found}


def test_figures_that_say_nothing_are_left_out():
    gains = gains_of(np.arange(6.0))
    assert correlations(figures([1.0] * 6), gains, 0) == {}
    assert correlations(figures([1.0, 2, 3, 4]), gains_of(np.arange(4.0)), 0) == {}
    some = figures([math.nan, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert correlations(some, gains, 0)["coverage"].value == pytest.approx(1)


def test_number_of_real_images_stands_beside_the_figures():
    gains = gains_of(np.arange(6.0))._replace(real=np.arange(60.0, 0.0, -10.0))
    found = correlations(figures([3.0, 1.0, 2.0, 6.0, 5.0, 4.0]), gains, 0)
    assert list(found) == ["train_real", "coverage"]
    assert found["train_real"].value == pytest.approx(-1)
