"""Rows on real images alone: no job for a synthetic image, and pages that speak of none."""

import pytest

from tests.workflow.project import make_project

REAL_JOBS = {"dataset", "subset", "training", "evaluation", "report", "overview"}


@pytest.mark.slow
def test_config_of_three_sections_draws_nothing(tmp_path):
    project = make_project(tmp_path / "project")
    runs = {"ce": {"method": "cross_entropy", "data": "real", "backbone": "resnet8"}}
    project.config = {
        "experiment": {"imbalance_factors": [10]},
        "dataset": {"source": "digits"},
        "subset": {"largest_class": 15},
        "training": {"epochs": 1, "crop_padding": 1, "cutout_size": 2, "runs": runs},
    }
    done = project.run()
    assert done.returncode == 0, done.stderr[-3000:]
    results = project.folder / "results"
    assert {path.name for path in results.iterdir() if path.name[0] != "."} == {
        *("benchmarks", "logs"),
        *("dataset", "subset", "training", "evaluation", "report", "gallery"),
    }
    page = (results / "report" / "imbalance-10.html").read_text()
    assert "Synthetic, kept" not in page
    assert '"kinds":["real"]' in (results / "gallery" / "index.html").read_text()
    assert project.planned() == {}


def test_rows_of_this_run_alone_decide_what_is_drawn(tmp_path):
    project = make_project(tmp_path / "project")
    assert set(project.planned(experiment__rows=["ce"])) == REAL_JOBS
    asked = {"subset__validation_fraction": 0.2, "influence": {"row": "ce"}}
    judged = project.planned(experiment__rows=["ce"], **asked)
    assert {"images", "filter", "influence", "gallery"} < set(judged), (
        "of what they would gain from"
    )
    by_name = project.planned("--", "gallery", experiment__rows=["ce"])
    assert {"prompts", "images", "scores", "filter"} < set(by_name)
