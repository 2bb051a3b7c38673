"""What a change runs again, by dry runs on the real DAG."""

import pytest

from tests.pipeline.prompts.llm.loopback import Loopback, good

AFTER_COMPLEMENT = {"complement", "training", "evaluation", "report", "overview"}
AFTER_FILTER = {"filter", "gallery"} | AFTER_COMPLEMENT
BALANCED, ALL = 2, 3
"""Rows that need synthetic images, and all of them."""


@pytest.mark.slow
def test_second_run_does_nothing(finished):
    assert finished.planned() == {}


def test_filter_setting_touches_neither_images_nor_scores_nor_rows_on_real_images(finished):
    planned = finished.planned(filter__keep_fraction=0.9)
    assert planned == {
        "filter": 1,
        "gallery": 1,
        "complement": 1,
        "training": BALANCED,
        "evaluation": BALANCED,
        "report": 1,
        "overview": 1,
    }
    alone = finished.planned(filter__keep_fraction=0.9, experiment__rows=["ce"])
    assert alone == {"report": 1, "overview": 1}  # of other rows


def test_warnings_threshold_decides_nothing_again(finished):
    assert finished.planned(filter__warn_share=0.9, filter__threads=2) == {}


def test_new_synthetic_images_run_no_row_on_real_images_again(finished):
    planned = finished.planned(images__seed=7)
    assert {"images", "scores"} < set(planned)
    assert (planned["training"], planned["evaluation"]) == (BALANCED, BALANCED)
    assert "subset" not in planned


def test_shortage_setting_runs_no_row_on_real_images_again(finished):
    planned = finished.planned(complement__on_shortage="underfill")
    assert set(planned) == AFTER_COMPLEMENT
    assert (planned["training"], planned["evaluation"]) == (BALANCED, BALANCED)


def test_validation_split_runs_every_row_again(finished):
    planned = finished.planned(subset__validation_fraction=0.1)
    assert set(planned) == AFTER_COMPLEMENT | {"subset"}
    assert (planned["training"], planned["evaluation"]) == (ALL, ALL)


def test_row_on_real_images_needs_no_synthetic_ones(finished):
    """To its metrics; the report of it has sheets of synthetic images."""
    target = "results/evaluation/ce/imbalance-10/data-seed-0/seed-0/metrics.parquet"
    planned = finished.planned("--forceall", target)
    assert planned == {"dataset": 1, "subset": 1, "training": 1, "evaluation": 1}


NEW_TAIL = {
    "subset": 1,
    "complement": 1,
    "training": 3,
    "evaluation": 3,
    "report": 1,
    "overview": 1,
}


def test_new_imbalance_factor_runs_only_its_own_jobs(finished):
    planned = finished.planned(experiment__imbalance_factors=[10, 5])
    assert planned == NEW_TAIL


def test_new_seed_runs_only_its_own_jobs(finished):
    planned = finished.planned(experiment__seeds=[0, 1])
    assert planned == {"training": 3, "evaluation": 3, "report": 1, "overview": 1}


def test_new_data_seed_runs_only_its_own_jobs(finished):
    planned = finished.planned(experiment__data_seeds=[0, 1])
    assert planned == NEW_TAIL


def test_new_method_runs_only_its_own_jobs(finished):
    runs = finished.config["training"]["runs"]
    drop = {"method": "sau", "data": "balanced", "options": {"noise_strategy": "drop"}}
    rows = [*finished.config["experiment"]["rows"], "sau-drop"]
    planned = finished.planned(training__runs={**runs, "sau-drop": drop}, experiment__rows=rows)
    assert planned == {"training": 1, "evaluation": 1, "report": 1, "overview": 1}


def test_training_setting_leaves_the_data_alone(finished):
    planned = finished.planned(training__learning_rate=0.02)
    assert planned == {"training": 3, "evaluation": 3, "report": 1, "overview": 1}


def test_settings_without_effect_on_results_run_nothing_again(finished):
    changes = {"decode": "on_demand", "decode_workers": 2, "checkpoint_every": 2}
    assert finished.planned(**{f"training__{name}": value for name, value in changes.items()}) == {}


def test_setting_of_one_row_runs_that_row_alone(finished):
    planned = finished.planned(training__runs__sau__epochs=4)
    assert planned == {"training": 1, "evaluation": 1, "report": 1, "overview": 1}


def test_bounds_of_the_shots_are_measured_again_without_training(finished):
    planned = finished.planned(evaluation__few_at_most=5)
    assert planned == {"evaluation": 3, "report": 1, "overview": 1}


def test_report_setting_touches_the_reports_alone(finished):
    assert finished.planned(report__title="Another") == {"report": 1, "overview": 1}


def test_new_prompts_generate_the_images_again(finished):
    planned = finished.planned(prompts__templates=["A {name}."])
    assert set(planned) == AFTER_FILTER | {"prompts", "images", "scores"}


@pytest.mark.slow
def test_way_in_which_prompts_are_asked_for_is_no_part_of_the_result(project, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Loopback(good) as server:
        asked = {
            "prompts__source": "llm",
            "prompts__base_url": f"{server.url}/v1",
            "prompts__api_key_variable": "",
            "prompts__per_class": 2,
            "complement__on_shortage": "underfill",
        }
        done = project.run("--", "prompts", **asked)
    assert done.returncode == 0, done.stderr[-3000:]
    planned = project.planned(**asked)
    assert "prompts" not in planned
    assert project.planned(**asked, prompts__max_cost=3.0, prompts__concurrency=2) == planned


SYNTHETIC = ["prompts", "images", "scores", "filter", "complement", "training", "evaluation"]
REAL = ["dataset", "subset", "complement", "training", "evaluation"]


@pytest.mark.parametrize("stage", sorted({*SYNTHETIC, *REAL}))
def test_edit_of_a_stage_runs_it_and_what_follows(planning, stage):
    order = SYNTHETIC if stage in SYNTHETIC else REAL
    follow = {*order[order.index(stage) :], *(SYNTHETIC if stage == "dataset" else [])}
    gallery = {"gallery"} if "filter" in follow else set()
    tests = {"scores_test"} if stage in ("dataset", "scores") else set()
    with planning.edited(f"sau/pipeline/{stage}/stage.py", "", "\nEDITED = True\n"):
        assert set(planning.planned()) == follow | gallery | tests | {"report", "overview"}


def test_edit_of_a_module_that_a_stage_imports_runs_it_too(planning):
    others = {"scores_test", "gallery", "report", "overview"}
    with planning.edited("sau/sources/resize.py", "LANCZOS", "BICUBIC"):
        assert set(planning.planned()) == {*SYNTHETIC, *REAL, *others}


def test_new_weights_score_the_images_again(planning):
    with planning.edited("sau/assets/tiny-clip/open_clip_config.json", "", "\n"):
        assert set(planning.planned()) == AFTER_FILTER | {"scores", "scores_test"}


def test_rows_label_trains_nothing_again(finished):
    planned = finished.planned(training__runs__sau__label="SAU (ours)")
    assert planned == {"evaluation": 1, "report": 1, "overview": 1}


def test_subset_of_the_rows_makes_the_reports_alone(finished):
    planned = finished.planned(experiment__rows=["ce", "sau"])
    assert planned == {"report": 1, "overview": 1}


def test_counterpart_in_the_paper_makes_the_reports_alone(finished):
    paper = {"report__paper_table": 1, "report__paper_dataset": "cifar10"}
    planned = finished.planned(training__runs__ce__paper="CE", **paper)
    assert planned == {"report": 1, "overview": 1}


def test_edit_of_the_reports_runs_the_reports_alone(planning):
    with planning.edited("sau/pipeline/report/page.jinja", "</body>", "<!-- edited --></body>"):
        assert planning.planned() == {"report": 1, "overview": 1}


def test_edit_of_a_comment_or_docstring_runs_nothing(planning):
    change = ('"""The training stage', '"""This is the training stage')
    with planning.edited("sau/pipeline/training/stage.py", *change):
        assert planning.planned() == {}


LOST = {
    "dataset/train.parquet": "dataset",
    "dataset/test.parquet": "dataset",
    "prompts/prompts.parquet": "prompts",
    "images/shard-0.parquet": "images",
    "scores/shard-0.parquet": "scores",
    "scores/test.parquet": "scores_test",
    "filter/kept.parquet": "filter",
    "gallery/index.html": "gallery",
    "subset/imbalance-10/data-seed-0/real.parquet": "subset",
    "complement/imbalance-10/data-seed-0/synthetic.parquet": "complement",
    "training/sau/imbalance-10/data-seed-0/seed-0/predictions.parquet": "training",
    "evaluation/sau/imbalance-10/data-seed-0/seed-0/metrics.parquet": "evaluation",
    "report/imbalance-10.html": "report",
    "report/summary.csv": "overview",
}
"""Results, and the rules that make them."""


@pytest.mark.parametrize(("file", "rule"), LOST.items())
def test_result_that_a_failed_job_has_lost_is_missed(planning, file, rule):
    """Also where all that was once made from it is still there."""
    with planning.without(f"results/{file}"):
        assert rule in planning.planned()


def test_edits_of_the_tests_above_were_taken_back(planning):
    """Each of them would otherwise see the others'."""
    assert planning.planned() == {}


def test_refused_prompts_do_not_leave_the_former_images_to_stand(project):
    change = {"prompts__source": "llm", "prompts__api_key_variable": "NO_SUCH_KEY"}
    assert project.run("prompts", **change).returncode != 0
    assert set(project.planned(**change)) == AFTER_FILTER | {"prompts", "images", "scores"}
