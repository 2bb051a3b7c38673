"""A run that was trained is not trained again after a job that was refused."""

import contextlib
import dataclasses
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from sau.pipeline.training import stage
from sau.pipeline.training.settings import TrainingSection
from sau.storage import manifest
from sau.storage.parts import write_parts
from sau.storage.reuse import TAKEN
from tests.training.conftest import PROVENANCE, TINY, Inputs, bytes_of


class TrainedError(AssertionError):
    """A run began to train."""


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise TrainedError

    monkeypatch.setattr(stage, "build_run", refuse)


def remove(outputs: dict[str, Path]) -> None:
    """Do what Snakemake does before a job."""
    for name in ("predictions", "history", "label_correction"):
        outputs[name].unlink()
    shutil.rmtree(outputs["model"])


@pytest.fixture(scope="module")
def trained(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return inputs.train(tmp_path_factory.mktemp("trained"), epochs=1)


@pytest.mark.usefixtures("no_training")
# Settings without effect on results count as little as they do for Snakemake.
@pytest.mark.parametrize("changes", [{}, {"checkpoint_every": 2}])
def test_run_of_the_same_settings_is_taken_back(
    inputs: Inputs,
    trained: dict[str, Path],
    changes: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    written = bytes_of(trained)
    remove(trained)
    with caplog.at_level(logging.INFO):
        again = inputs.train(trained["model"].parent, epochs=1, **changes)
    assert bytes_of(again) == written
    assert TAKEN in caplog.text


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    "changes", [{"epochs": 2}, {"seed": 1}, {"method": "cross_entropy"}, {"learning_rate": 0.05}]
)
def test_run_of_other_settings_is_trained(
    inputs: Inputs, trained: dict[str, Path], changes: dict[str, Any]
) -> None:
    with pytest.raises(TrainedError):
        inputs.train(trained["model"].parent, **{"epochs": 1, **changes})


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("fact", [{"mean": [0.1, 0.1, 0.1]}, {"class_names": ["a", "b", "c"]}])
def test_facts_of_the_same_images_that_changed_are_trained_on(
    inputs: Inputs, trained: dict[str, Path], fact: dict[str, Any], tmp_path: Path
) -> None:
    """The rows, and so their hash, are the same."""
    train = tmp_path / "train.parquet"
    manifest.write(train, "images", manifest.read(inputs.train_images, "images"), PROVENANCE | fact)
    other = dataclasses.replace(inputs, train_images=[train])
    with pytest.raises(TrainedError):
        other.train(trained["model"].parent, epochs=1)


@pytest.mark.usefixtures("no_training")
def test_results_of_another_row_are_not_taken(inputs: Inputs, trained: dict[str, Path]) -> None:
    settings = TrainingSection(**{**TINY, "epochs": 1})
    for run, expected in (("", contextlib.nullcontext()), ("other", pytest.raises(TrainedError))):
        with expected:
            stage.training(**inputs.of(settings), **trained, seed=0, settings=settings, run=run)


@pytest.mark.usefixtures("no_training")
def test_checkpoint_of_a_change_that_was_taken_back_is_gone(
    inputs: Inputs, trained: dict[str, Path]
) -> None:
    write_parts(trained["checkpoint"], {}, {"identity": "another"})
    inputs.train(trained["model"].parent, epochs=1)
    assert not trained["checkpoint"].exists()
