"""A validation split: what it adds to a run, and that it is never trained on."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sau.core.errors import UserError
from sau.data import batches
from sau.engine import epoch_start
from sau.engine.prediction import class_balanced_top1, predict
from sau.engine.state import Predictions, RunState
from sau.networks import Network
from sau.pipeline.training.loading import load_test, load_validation
from sau.storage.manifest import read, read_metadata
from tests.training.conftest import (
    Inputs,
    assert_goes_on,
    bytes_of,
    pixels_of,
    random_images,
    write_members,
    write_rows,
)

LABELS = [0, 0, 0, 1, 1, 2]


@pytest.fixture
def split(inputs: Inputs, tmp_path: Path) -> Inputs:
    """The inputs with six held-out images, beside the members in the file of real images."""
    held = random_images("held", LABELS, seed=8)
    known = read(inputs.train_images[0], "images").to_pylist()
    return dataclasses.replace(
        inputs,
        train_images=[write_rows(tmp_path / "train.parquet", "images", held + known)],
        validation=write_members(tmp_path / "validation.parquet", held, [False] * len(held)),
    )


@pytest.mark.parametrize(
    "row", [{}, {"method": "cross_entropy", "ema_decay": 0.5, "snapshot_every": 1}]
)
def test_killed_run_ends_in_the_same_bytes(
    row: dict[str, Any], split: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_goes_on(split, tmp_path / "runs", monkeypatch, 2, epochs=3, **row)


def test_held_out_images_are_in_no_batch_and_no_prototype(
    split: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[bytes]] = {"batches": set(), "prototypes": set()}
    made_for = ["batches"]
    view, batches_of = batches.view, epoch_start.batches_of

    def watched_view(name: Any, images: Tensor, *rest: Any) -> Any:
        seen[made_for[-1]].update(image.numpy().tobytes() for image in images)
        return view(name, images, *rest)

    def for_prototypes(*arguments: Any) -> Any:
        made_for.append("prototypes")
        try:
            yield from batches_of(*arguments)
        finally:  # counting the operations looks at the first batch alone
            made_for.pop()

    monkeypatch.setattr(batches, "view", watched_view)
    monkeypatch.setattr(epoch_start, "batches_of", for_prototypes)
    split.train(tmp_path / "out", epochs=1)
    run = split.assemble()
    (phase,) = run.phases
    assert run.validation is not None
    held = {image.numpy().tobytes() for image in pixels_of(run.validation)}
    real = {image.numpy().tobytes() for image in pixels_of(phase.data.real())}
    assert len(held) == len(LABELS)
    assert seen["prototypes"] == real
    assert real < seen["batches"]
    assert not held & (seen["batches"] | seen["prototypes"])
    assert not set(run.validation.ids) & set(phase.data.ids)


def test_validation_top1_is_the_mean_over_classes(split: Inputs, tmp_path: Path) -> None:
    outputs = split.train(tmp_path / "out", epochs=1)
    network = Network.from_pretrained(outputs["model"])
    data = load_validation(split.validation, split.train_images, 3)
    assert data is not None
    views = split.assemble().views
    with torch.no_grad():
        predicted = network(views.normalisation.from_bytes(pixels_of(data))).argmax(dim=1).tolist()
    rates = []
    for label in range(3):
        right = [p == label for p, found in zip(predicted, LABELS, strict=True) if found == label]
        rates.append(sum(right) / len(right))
    history = read(outputs["history"], "history").to_pandas().set_index("name")["value"]
    assert history["validation/top1"] == pytest.approx(100 * sum(rates) / 3)


def test_classes_count_the_same_and_those_without_images_not_at_all() -> None:
    labels = torch.tensor([0, 0, 0, 0, 2, 2])
    predicted = torch.tensor([0, 0, 0, 1, 1, 2], dtype=torch.int32)
    assert class_balanced_top1(predicted, labels) == pytest.approx(100 * (3 / 4 + 1 / 2) / 2)
    assert class_balanced_top1(labels.int(), labels) == 100


def test_predictions_of_the_epoch_that_validation_chose(split: Inputs, tmp_path: Path) -> None:
    outputs = split.train(tmp_path / "out", method="cross_entropy", epochs=4)
    history = read(outputs["history"], "history").to_pandas()
    figures = {name: rows["value"].tolist() for name, rows in history.groupby("name")}
    validation = figures["validation/top1"]
    epoch = validation.index(max(validation)) + 1
    predictions = read(outputs["predictions"], "predictions").to_pandas()
    assert predictions["selection"].unique().tolist() == [
        "last",
        "best_on_validation",
        "best_on_test",
    ]
    rows = predictions[predictions["selection"] == "best_on_validation"]
    assert rows["id"].tolist() == [f"test-{n}" for n in range(9)]
    assert rows["epoch"].unique().tolist() == [epoch]
    right = 100 * (rows["label"] == rows["predicted"]).mean()
    assert right == pytest.approx(figures["test/top1"][epoch - 1])
    made = read_metadata(outputs["predictions"])["provenance"]
    assert made["validation_images"] == len(LABELS)


def test_weights_of_the_epoch_that_validation_chose_are_kept(split: Inputs, tmp_path: Path) -> None:
    """Those of a run that ends there, and they give the predictions of that epoch."""
    rates = {"method": "cross_entropy", "schedule": "step", "step_epochs": [1], "step_factor": 1.0}
    outputs = split.train(tmp_path / "out", epochs=4, **rates)
    history = read(outputs["history"], "history").to_pandas()
    validation = history[history["name"] == "validation/top1"]["value"].tolist()
    epoch = validation.index(max(validation)) + 1
    best = Network.from_pretrained(outputs["model"] / "best_on_validation")
    config = json.loads((outputs["model"] / "best_on_validation" / "config.json").read_text())
    assert (config["selection"], config["epoch"]) == ("best_on_validation", epoch)
    last = json.loads((outputs["model"] / "config.json").read_text())
    assert (last["selection"], last["epoch"]) == ("last", 4)
    assert config["provenance"] == last["provenance"]
    test, views = load_test(split.test_images, 3), split.assemble().views
    found = predict(best, test, views, epoch)
    table = read(outputs["predictions"], "predictions").to_pandas()
    stored = table[table["selection"] == "best_on_validation"]
    assert found.predicted.tolist() == stored["predicted"].tolist()
    assert found.confidence.tolist() == pytest.approx(stored["confidence"].tolist(), abs=1e-6)
    weights = Network.from_pretrained(outputs["model"]).state_dict()
    is_last = all(value.equal(weights[name]) for name, value in best.state_dict().items())
    assert is_last == (epoch == 4)


def test_saved_network_says_how_many_validation_images_of_each_class_are_right(
    split: Inputs, tmp_path: Path
) -> None:
    outputs = split.train(tmp_path / "out", epochs=2, method="cross_entropy")
    last = json.loads((outputs["model"] / "config.json").read_text())["validation"]
    run = split.assemble()
    assert run.validation is not None
    found = predict(Network.from_pretrained(outputs["model"]), run.validation, run.views, 2)
    labels = run.validation.labels
    for label, (images, right) in enumerate(zip(last["images"], last["right"], strict=True)):
        of_class = labels == label
        assert images == int(of_class.sum())
        assert right == int((found.predicted[of_class] == label).sum())
    best = json.loads((outputs["model"] / "best_on_validation" / "config.json").read_text())
    assert "validation" not in best  # of the last weights alone


def test_best_on_validation_is_the_first_of_equals_whatever_the_test_set_says() -> None:
    state, empty = RunState(), torch.tensor([])
    figures = zip([90.0, 10.0, 20.0, 30.0], [10.0, 40.0, 40.0, 20.0], strict=True)
    for epoch, (top1, validation) in enumerate(figures, start=1):
        state.record_predictions(Predictions(epoch, top1, empty, empty, empty, validation))
    assert state.best_on_validation is not None
    assert state.best_on_test is not None
    assert (state.best_on_validation.epoch, state.best_on_test.epoch) == (2, 1)


def test_validation_images_that_are_looked_at_change_no_other_result(
    split: Inputs, tmp_path: Path
) -> None:
    """Neither does a list without rows, which is what a fraction of 0 leaves."""
    empty = write_members(tmp_path / "empty.parquet", [], [])
    variants = [split.validation, empty, None]
    runs = [
        dataclasses.replace(split, validation=held).train(tmp_path / str(n), epochs=2)
        for n, held in enumerate(variants)
    ]
    models = [bytes_of(outputs)["model.safetensors"] for outputs in runs]
    assert models[0] == models[1] == models[2]
    tables = [
        {name: read(outputs[name], name).to_pandas() for name in ("predictions", "history")}
        for outputs in runs
    ]
    assert tables[1]["predictions"].equals(tables[2]["predictions"])
    assert tables[1]["history"].equals(tables[2]["history"])
    assert "validation/top1" in tables[0]["history"]["name"].tolist()
    for table, column, added in (
        ("predictions", "selection", "best_on_validation"),
        ("history", "name", "validation/top1"),
    ):
        with_split = tables[0][table]
        rest = with_split[with_split[column] != added].reset_index(drop=True)
        assert rest.equals(tables[2][table])


def test_validation_images_that_are_trained_on_are_refused(inputs: Inputs, tmp_path: Path) -> None:
    rows = read(inputs.members[0], "members").to_pylist()[:2]
    held = write_members(tmp_path / "validation.parquet", rows, [False] * 2)
    with pytest.raises(UserError, match="2 of its images are members .* first is 'real-0'"):
        dataclasses.replace(inputs, validation=held).assemble()
