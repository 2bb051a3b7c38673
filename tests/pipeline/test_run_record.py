from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.engine.settings import TrainingSettings
from sau.pipeline.run_record import OF_DATA, RunRecord, row_label

MADE = {
    "settings": {
        "method": "sau",
        "data": "balanced",
        "backbone": "resnet32",
        "width": 16,
        "epochs": 200,
    },
    "seed": 3,
    "data": "balanced",
    "parameters": 1000,
    "parameters_trained": 1500,
    "imbalance_factor": 3.0,
}


TWO_STAGES = {"epochs": 200, "second_stage": {"method": "cross_entropy", "epochs": 20}}


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        ({}, "SAU"),
        ({"ema_decay": 0.0, "swa_from": 0, "test_flip": False}, "SAU"),
        ({"ema_decay": 0.999}, "SAU (EMA 0.999)"),
        ({"ema_decay": 0.99999}, "SAU (EMA 0.99999)"),
        ({"swa_from": 160}, "SAU (SWA from 160)"),
        ({"swa_from": 160, "second_stage": {}}, "SAU (SWA from 160)"),
        (TWO_STAGES | {"swa_from": 160}, "SAU (first phase SWA from 160)"),
        (TWO_STAGES | {"swa_from": 210}, "SAU (SWA from 210)"),
        ({"test_flip": True}, "SAU (flip)"),
        ({"ema_decay": 0.999, "test_views": "flip_and_shift"}, "SAU (EMA 0.999, flip and shift)"),
    ],
)
def test_label_names_what_changes_the_figures_at_test_time(settings, label):
    assert row_label("SAU", settings) == label


def test_runs_label_is_that_of_its_own_settings():
    flipped = MADE | {"settings": MADE["settings"] | {"test_flip": True}, "run": "ours"}

    assert RunRecord.of_predictions(flipped, "SAU").label == "SAU (flip)"
    assert RunRecord.of_predictions(flipped).label == "ours (flip)"
    assert (
        RunRecord.of_predictions(MADE, "SAU").label == "SAU"
    )  # predictions from before there were such keys


@pytest.mark.parametrize(
    ("data", "second", "expected"),
    [
        ("real", {}, "real"),
        ("real", {"epochs": 5}, "real"),
        ("real", {"data": "balanced"}, "balanced"),
        ("balanced", {"data": "real"}, "balanced"),
    ],
)
def test_data_is_balanced_where_any_stage_has_synthetic_images(data, second, expected):
    settings = TrainingSettings(method="cross_entropy", data=data, second_stage=second)
    made = MADE | {"data": settings.data_of_all_stages(), "settings": settings.to_mapping()}
    made |= {"width": 16}
    assert RunRecord.of_predictions(made).data == expected


def test_width_and_epochs_are_those_of_the_run_where_it_says_them():
    settings = MADE["settings"] | {"width": None}
    said = RunRecord.of_predictions(MADE | {"settings": settings, "width": 64, "total_epochs": 220})
    unsaid = RunRecord.of_predictions(MADE)

    assert (said.width, said.epochs) == (64, 220)
    assert (unsaid.width, unsaid.epochs) == (16, 200)


RECORD = RunRecord.of_predictions(MADE, "SAU")


def test_record_is_the_same_from_training_to_report() -> None:
    written = RECORD.for_predictions()
    of_data = {name: getattr(RECORD, name) for name in OF_DATA}
    predictions = {"settings": MADE["settings"], **of_data, **written}
    measured = RunRecord.of_predictions(predictions, "SAU")
    assert measured == RECORD
    assert RunRecord.of_metrics(measured.for_metrics(), Path("metrics")) == RECORD


def test_record_without_a_fact_is_refused_with_the_file() -> None:
    facts = RECORD.for_metrics()
    del facts["recipe"]
    with pytest.raises(UserError, match="^metrics: provenance lacks 'recipe'; run the evaluation"):
        RunRecord.of_metrics(facts, Path("metrics"))


def test_network_of_another_library_has_no_width():
    """Its settings say null, its predictions 0."""
    settings = MADE["settings"] | {"backbone": "timm/test_vit", "width": None}
    record = RunRecord.of_predictions(MADE | {"settings": settings, "width": 0})
    assert record.width == 0
    with pytest.raises(UserError, match="lacks 'width'"):
        RunRecord.of_predictions(MADE | {"settings": settings})
