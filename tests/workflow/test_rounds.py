"""Rounds of generation in the real pipeline, as far as the filter."""

import shutil
from collections import Counter
from math import ceil
from pathlib import Path
from statistics import median

import pytest

from sau.storage import manifest
from tests.workflow.project import Project, make_project

ROUNDS = {"over_generation": 1.0, "most": 2}
KEPT = "results/filter/kept.parquet"
COMPLEMENT = "results/complement/imbalance-10/data-seed-0/synthetic.parquet"
NETWORK = "results/training/ce/imbalance-10/data-seed-0/seed-0/model"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose first round is short by what the filter drops, and whose second is not."""
    project = make_project(tmp_path_factory.mktemp("rounds"))
    project.config["rounds"] = ROUNDS
    project.config["prompts"]["per_class"] = 8
    project.config["images"]["steps"] = "2"
    done = project.run("--", KEPT, COMPLEMENT)
    assert done.returncode == 0, done.stderr[-5000:]
    return project


def images_of(folder: Path, shards: range) -> list[str]:
    paths = [folder / f"results/images/shard-{shard}.parquet" for shard in shards]
    ids: list[str] = manifest.read(paths, "images", columns=["id"])["id"].to_pylist()
    return ids


@pytest.mark.slow
def test_rounds_draw_until_every_class_has_what_it_lacks(filled: Project) -> None:
    """Classes lack 0 to 14 images; of 14 the filter keeps 12, so the second round is for 2 more."""
    first = manifest.read(filled.folder / "results/rounds/round-0.parquet", "draws").to_pydict()
    second = manifest.read(filled.folder / "results/rounds/round-1.parquet", "draws").to_pydict()
    assert first["draws"] == first["needed"]
    assert max(first["needed"]) == 14
    assert second["before"] == first["draws"]
    assert 0 < sum(second["draws"]) < sum(first["draws"])
    drawn = [images_of(filled.folder, range(0, 2)), images_of(filled.folder, range(2, 4))]
    assert [len(ids) for ids in drawn] == [sum(first["draws"]), sum(second["draws"])]
    assert len({*drawn[0], *drawn[1]}) == len(drawn[0]) + len(drawn[1])
    members = manifest.read(filled.folder / COMPLEMENT, "members")
    assert members.num_rows == sum(first["needed"])


@pytest.mark.slow
def test_further_round_draws_nothing_of_the_earlier_ones_again(filled: Project) -> None:
    planned = filled.planned("--", KEPT, rounds__most=3)
    assert planned == {"filter_round": 1, "rounds": 1, "images": 2, "scores": 2, "filter": 1}


@pytest.mark.slow
def test_smaller_factor_or_another_seed_draws_nothing(filled: Project) -> None:
    assert filled.planned("--", KEPT, experiment__imbalance_factors=[10, 5]) == {}
    assert filled.planned("--", KEPT, experiment__data_seeds=[0, 1], experiment__seeds=[0, 1]) == {}


@pytest.mark.slow
def test_larger_factor_draws_for_its_own_tail(filled: Project) -> None:
    planned = filled.planned("--", KEPT, experiment__imbalance_factors=[10, 12])
    assert planned["rounds"] == 2
    assert planned["images"] == 4


@pytest.mark.slow
def test_second_round_draws_most_where_the_classifier_was_surest(tmp_path: Path) -> None:
    """Of the first round half goes by its entropy; what a class is short of is drawn once more."""
    project = make_project(tmp_path / "project")
    project.config["images"] |= {"shards": 1, "steps": "2"}
    project.config["filter"] = {"leak": "off", "keep_fraction": 1.0}
    project.config["rounds"] = {"over_generation": 2.0, "most": 2}
    project.config["training"]["runs"]["ce"]["options"] = {"label_smoothing": 0.3}
    trained = project.run("--", NETWORK)
    assert trained.returncode == 0, trained.stderr[-5000:]
    network = shutil.copytree(project.folder / NETWORK, tmp_path / "network")
    project.config["scores"]["classifiers"] = [str(network)]
    first_scores = project.folder / "results/scores/shard-0.parquet"
    scored = project.run("--", "results/scores/shard-0.parquet")
    assert scored.returncode == 0, scored.stderr[-5000:]
    limit = median(manifest.read(first_scores, "scores")["entropy"].to_pylist())
    done = project.run("--", KEPT, filter__entropy=limit)
    assert done.returncode == 0, done.stderr[-5000:]

    decided = manifest.read(project.folder / "results/filter/round-0.parquet", "kept").to_pylist()
    assert all(row["kept"] is (row["entropy"] is None) for row in decided)
    kept = Counter(row["label"] for row in decided if row["kept"])
    rows = manifest.read(project.folder / "results/rounds/round-1.parquet", "draws").to_pylist()
    for row in rows:
        needed, own = row["needed"], kept[row["label"]]
        assert (row["before"], row["kept"]) == (2 * needed, own)
        again = ceil(2 * (needed - own) * 2 * needed / own) if own else 2 * needed
        assert row["draws"] == max(min(again, 2 * needed), 0)
    lacking = sorted((row for row in rows if row["needed"]), key=lambda r: r["kept"] / r["needed"])
    shares = [row["draws"] / row["needed"] for row in lacking]
    assert shares[0] > shares[-1] == 0
    second = manifest.read(project.folder / "results/scores/shard-1.parquet", "scores")
    assert Counter(second["label"].to_pylist()) == Counter(
        {row["label"]: row["draws"] for row in rows if row["draws"]}
    )
    assert second["entropy"].null_count == 0
