import dataclasses
import json
import logging
from pathlib import Path

import pytest
import torch

from sau.core.errors import UserError
from sau.methods import METHODS
from sau.networks import Network
from sau.pipeline.training.image_facts import read_facts
from sau.pipeline.training.loading import load_test
from sau.storage.manifest import hash_of, read, read_metadata
from tests.training.conftest import (
    Inputs,
    Killed,
    bytes_of,
    kill_after,
    pixels_of,
    random_images,
    write_members,
    write_rows,
)


def test_checkpoint_of_other_settings_does_not_go_on(
    inputs: Inputs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(1, patch)
        inputs.train(tmp_path / "a", epochs=2)
    with caplog.at_level(logging.WARNING):
        found = inputs.train(tmp_path / "a", epochs=2, learning_rate=0.02)
    assert "starting afresh" in caplog.text
    expected = inputs.train(tmp_path / "b", epochs=2, learning_rate=0.02)
    assert bytes_of(found) == bytes_of(expected)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_bytes_of_a_run_are_repeated_and_those_of_another_seed_differ(
    precision: str, inputs: Inputs, tmp_path: Path
) -> None:
    runs = [
        bytes_of(inputs.train(tmp_path / str(n), seed, epochs=2, precision=precision))
        for n, seed in enumerate([0, 0, 1])
    ]
    assert runs[0] == runs[1]
    assert runs[0]["model.safetensors"] != runs[2]["model.safetensors"]


def test_outputs(inputs: Inputs, tmp_path: Path) -> None:
    outputs = inputs.train(tmp_path, epochs=3)
    predictions = read(outputs["predictions"], "predictions").to_pandas()
    history = read(outputs["history"], "history").to_pandas()
    top1 = history[history["name"] == "test/top1"]["value"].tolist()
    for selection, epoch in (("last", 3), ("best_on_test", top1.index(max(top1)) + 1)):
        rows = predictions[predictions["selection"] == selection]
        assert rows["id"].tolist() == [f"test-{n}" for n in range(9)]
        assert rows["epoch"].unique().tolist() == [epoch]
        right = 100 * (rows["label"] == rows["predicted"]).mean()
        assert right == pytest.approx(top1[epoch - 1])
        assert rows["confidence"].between(1 / 3, 1).all()
    names = ["total", "mixup", "cutmix", "contrastive"]
    expected = [*(f"loss/{name}" for name in names), "learning_rate", "test/top1"]
    assert history["name"].tolist() == expected * 3
    tallies = read(outputs["label_correction"], "label_correction").to_pandas()
    assert tallies["synthetic"].tolist() == [0, 4, 7] * 3
    assert (tallies["noise"] <= tallies["synthetic"]).all()
    assert tallies[["wrong", "found"]].isna().all(axis=None)


def test_known_truth_is_counted_and_changes_nothing_else(inputs: Inputs, tmp_path: Path) -> None:
    rows = read(inputs.members[1], "members").to_pylist()
    true: list[int | None] = [0, 2, 2, *(row["label"] for row in rows[3:])]
    path = write_members(tmp_path / "judged.parquet", rows, [True] * len(rows), true)
    judged = dataclasses.replace(inputs, members=[inputs.members[0], path])
    found, plain = judged.train(tmp_path / "a", epochs=2), inputs.train(tmp_path / "b", epochs=2)

    counts, expected = (
        read(outputs["label_correction"], "label_correction").to_pandas()
        for outputs in (found, plain)
    )
    assert counts["wrong"].tolist() == [0, 3, 0] * 2
    assert (counts["found"] <= counts[["noise", "wrong"]].min(axis=1)).all()
    same = ["epoch", "label", "synthetic", "noise"]
    assert counts[same].equals(expected[same])
    weights = [(outputs["model"] / "model.safetensors").read_bytes() for outputs in (found, plain)]
    assert weights[0] == weights[1]


def test_saved_model_gives_the_last_predictions(inputs: Inputs, tmp_path: Path) -> None:
    outputs = inputs.train(tmp_path, epochs=2)
    network = Network.from_pretrained(outputs["model"])
    facts = read_facts(inputs.train_images[0])
    test = load_test(inputs.test_images, 3)
    with torch.no_grad():
        scores = network(facts.normalisation.from_bytes(pixels_of(test))).softmax(dim=1)
    last = read(outputs["predictions"], "predictions").to_pandas().query("selection == 'last'")
    assert last["predicted"].tolist() == scores.argmax(dim=1).tolist()
    assert last["confidence"].tolist() == pytest.approx(scores.amax(dim=1).tolist())


def test_provenance(inputs: Inputs, tmp_path: Path) -> None:
    outputs = inputs.train(tmp_path, seed=3, epochs=1)
    record = read_metadata(outputs["predictions"])["provenance"]
    network = Network.from_pretrained(outputs["model"])
    counts = network.parameter_counts()
    assert record["seed"] == 3
    assert record["parameters"] == counts["at_test"] < record["parameters_trained"]
    assert record["settings"]["backbone"] == "resnet8"
    assert record["imbalance_factor"] == 8.0
    assert record["class_names"] == ["zero", "one", "two"]
    assert record["members_sha256"] == hash_of(inputs.members)
    assert record["device"] == "cpu"
    config = json.loads((outputs["model"] / "config.json").read_text())
    assert config["provenance"] == record


def test_real_data_needs_no_synthetic_images(inputs: Inputs, tmp_path: Path) -> None:
    alone = Inputs(inputs.members[:1], inputs.train_images, inputs.test_images, [])
    outputs = alone.train(tmp_path, method="cross_entropy", data="real", epochs=1)
    made = read_metadata(outputs["predictions"])["provenance"]
    assert made["members_sha256"] == read_metadata(inputs.members[0])["content_sha256"]
    table = read(outputs["label_correction"], "label_correction")
    assert table.num_rows == 0
    assert Network.from_pretrained(outputs["model"]).projection is None


def test_non_finite_loss_stops_the_run(inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"training.learning_rate: at 1e\+18 the loss"):
        inputs.train(tmp_path, learning_rate=1e18)
    assert list(tmp_path.iterdir()) == []


def test_wrong_device_is_refused(
    inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="no CUDA GPU"):
        inputs.train(tmp_path, device="cuda")


def test_cutout_hole_that_blanks_every_image_is_refused(inputs: Inputs, tmp_path: Path) -> None:
    message = "^training.cutout_size: 16 covers images of 8 x 8 pixels wherever the hole is"
    with pytest.raises(UserError, match=message):
        inputs.train(tmp_path, cutout_size=16)
    assert list(tmp_path.iterdir()) == []
    assert inputs.assemble(cutout_size=15).views.cutout_size == 15


def test_test_images_of_another_size_are_refused(inputs: Inputs, tmp_path: Path) -> None:
    rows = random_images("test", [0, 1, 2], seed=0, side=9)
    test = write_rows(tmp_path / "test.parquet", "images", rows)
    other = Inputs(inputs.members, inputs.train_images, [test], inputs.synthetic_images)
    with pytest.raises(UserError, match="to one size"):
        other.train(tmp_path / "out")


@pytest.mark.parametrize("method", METHODS)
def test_method_trains_on_real_images_alone_in_bfloat16(
    method: str, inputs: Inputs, tmp_path: Path
) -> None:
    """In float32, and on both kinds of images, they are trained by `test_methods.py`."""
    outputs = inputs.train(tmp_path, method=method, data="real", epochs=2, precision="bfloat16")
    history = read(outputs["history"], "history").to_pandas()
    totals = history[history["name"] == "loss/total"]["value"]
    assert len(totals) == 2
    assert totals.nunique() == 2
    tallies = read(outputs["label_correction"], "label_correction").to_pandas()
    assert tallies["synthetic"].sum() == 0
    assert set(tallies["noise"]) <= {0}
