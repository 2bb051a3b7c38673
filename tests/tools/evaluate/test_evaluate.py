"""`sau evaluate`: figures of new images by their classes, against training's and scikit-learn's."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sklearn_metrics

from sau.__main__ import main
from sau.pipeline.dataset.digits import CLASS_NAMES
from sau.pipeline.evaluation.figures import Judged
from sau.tools.evaluate import evaluate
from sau.tools.evaluate.figures import Answers, measure
from sau.tools.evaluate.tables import terminal_text
from tests.tools.digits import Digits


def folder_of(digits: Digits, folder: Path, leave_out: tuple[str, ...] = ()) -> Path:
    """Write the test images into a folder for each class, in capitals."""
    for place, row in enumerate(digits.test_images().itertuples()):
        name = CLASS_NAMES[row.label]
        if name not in leave_out:
            file = folder / name.upper() / f"{place}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(row.image["bytes"])
    return folder


def metrics_in(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


def test_figures_are_those_of_trainings_predictions(
    digits: Digits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = folder_of(digits, tmp_path / "images")
    evaluate(digits.model, images, output=tmp_path / "out", workers=2)
    stored = digits.predictions()
    labels, predicted = stored["label"].to_numpy(), stored["predicted"].to_numpy()
    found = {name: each["value"] for name, each in metrics_in(tmp_path / "out")["figures"].items()}
    expected = {
        "top1": sklearn_metrics.accuracy_score(labels, predicted),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(labels, predicted),
        "macro_f1": sklearn_metrics.f1_score(labels, predicted, average="macro"),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(100 * value, abs=1e-4)
    of_run = Judged.of(pa.Table.from_pandas(stored), 10).figures(range(10))
    assert found == pytest.approx(of_run, abs=1e-3)
    confusion = pd.read_csv(tmp_path / "out" / "confusion.csv", index_col=0)
    assert list(confusion.columns) == list(confusion.index) == CLASS_NAMES
    theirs = sklearn_metrics.confusion_matrix(labels, predicted, labels=range(10))
    assert (confusion.to_numpy() == theirs).all()
    classes = pd.read_csv(tmp_path / "out" / "classes.csv")
    recalls = sklearn_metrics.recall_score(labels, predicted, average=None)
    assert np.allclose(classes["recall"], 100 * recalls, atol=1e-4)
    assert classes["images"].tolist() == [8] * 10
    wrong = pd.read_csv(tmp_path / "out" / "wrong.csv")
    places = wrong["image"].str.extract(r"/(\d+)\.png")[0].astype(int)
    assert sorted(places) == np.flatnonzero(labels != predicted).tolist()
    assert [CLASS_NAMES[predicted[place]] for place in places] == wrong["predicted"].tolist()
    stored_confidence = stored["confidence"].to_numpy()[places]
    assert np.allclose(wrong["probability"], stored_confidence, atol=2e-6)
    assert (wrong["probability_of_class"] <= wrong["probability"]).all()
    printed = capsys.readouterr().out
    assert f"top-1                    {found['top1']:6.2f} %" in printed
    assert all(name in printed for name in CLASS_NAMES)


def test_manifest_and_table_give_the_same_as_the_folder(digits: Digits, tmp_path: Path) -> None:
    rows = digits.test_images()
    table = tmp_path / "table.parquet"
    names = [CLASS_NAMES[label] for label in rows["label"]]
    pq.write_table(pa.table({"image": rows["image"].tolist(), "kind": names}), table)
    evaluate(digits.model, digits.path("test"), output=tmp_path / "manifest")
    evaluate(digits.model, table, output=tmp_path / "table", label_column="kind")
    evaluate(digits.model, folder_of(digits, tmp_path / "images"), output=tmp_path / "folder")
    found = [metrics_in(tmp_path / name) for name in ("manifest", "table", "folder")]
    values = [{n: each["value"] for n, each in one["figures"].items()} for one in found]
    assert values[0] == values[1]
    assert values[0] == pytest.approx(values[2], abs=1e-4)
    assert found[0]["classes"] == found[1]["classes"] == found[2]["classes"]


def test_classes_without_images_are_said_and_do_not_count(
    digits: Digits, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    images = folder_of(digits, tmp_path / "images", leave_out=("two", "nine"))
    with caplog.at_level(logging.WARNING):
        evaluate(digits.model, images, output=tmp_path / "out")
    assert "no images of 2 of the model's 10 classes: two, nine" in caplog.text
    found = metrics_in(tmp_path / "out")
    recalls = [each["recall"] for each in found["classes"]]
    assert len(recalls) == 8
    mean = found["figures"]["balanced_accuracy"]["value"]
    assert mean == pytest.approx(np.mean(recalls), abs=1e-3)
    classes = pd.read_csv(tmp_path / "out" / "classes.csv", index_col="class")
    of_classes = classes["f1"].dropna().mean()
    assert found["figures"]["macro_f1"]["value"] == pytest.approx(of_classes, abs=1e-3)
    assert classes.loc[["two", "nine"], ["recall", "f1"]].isna().all(axis=None)


def test_unreadable_images_are_listed_and_do_not_count(
    digits: Digits, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    images = folder_of(digits, tmp_path / "images")
    whole = tmp_path / "whole"
    evaluate(digits.model, images, output=whole)
    (images / "SIX" / "0.png").write_text("no image")
    with caplog.at_level(logging.WARNING):
        evaluate(digits.model, images, output=tmp_path / "out")
    assert metrics_in(tmp_path / "out")["figures"] == metrics_in(whole)["figures"]
    assert metrics_in(tmp_path / "out")["images"]["unreadable"] == 1
    listed = pd.read_csv(tmp_path / "out" / "unreadable.csv")
    assert listed["image"].tolist() == [f"{images}/SIX/0.png"]
    assert listed["class"].tolist() == ["six"]
    assert "1 images cannot be read" in caplog.text


def test_intervals_hold_the_figure_and_narrow_with_images() -> None:
    generator = np.random.default_rng(0)

    def width(count: int) -> float:
        labels = generator.integers(0, 4, count)
        right = generator.random(count) < 0.7
        predicted = np.where(right, labels, (labels + 1) % 4)
        share = np.full(count, 0.7)
        figures = measure(Answers(labels, predicted, share, share), 4).overall
        assert all(each.low <= each.value <= each.high for each in figures.values() if each.value)
        # The normal approximation of a share.
        assert figures["top1"].high - figures["top1"].low == pytest.approx(
            2 * 1.96 * 100 * np.sqrt(0.7 * 0.3 / count), rel=0.25
        )
        return figures["top1"].high - figures["top1"].low

    assert width(2000) < width(200) / 2


def test_terminal_shows_the_worst_of_many_classes() -> None:
    labels = np.repeat(np.arange(50), 4)
    predicted = labels.copy()
    predicted[4:6] = 0
    share = np.full(len(labels), 0.9)
    figures = measure(Answers(labels, predicted, share, share), 50)
    lines = terminal_text(figures, [f"class {label}" for label in range(50)]).splitlines()
    assert lines[7].startswith("20 of 50 classes, the lowest recall first")
    assert lines[8].split() == ["class", "1", "4", "50.00", "66.67", "class", "0"]
    assert len(lines) == 28


def test_one_image_is_enough(digits: Digits, tmp_path: Path) -> None:
    images = folder_of(digits, tmp_path / "images", leave_out=tuple(CLASS_NAMES[1:]))
    for file in sorted((images / "ZERO").iterdir())[1:]:
        file.unlink()
    evaluate(digits.model, images, output=tmp_path / "out")
    assert metrics_in(tmp_path / "out")["images"]["read"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("unknown", "no class is called 'elevn'; did you mean 'seven'?"),
        ("twice", "are both of class 'six'"),
        ("gone", "FOLDER: images: no such folder"),
        ("damaged", "FOLDER: none of 80 images can be read, the first because: not an image"),
        ("full", "out: is there already; remove it or choose another folder"),
        ("model", "MODEL: no-model: no such folder"),
        ("column", "no column 'labl'"),
    ],
)
def test_bad_input_is_one_line(
    change: str,
    message: str,
    digits: Digits,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    images = folder_of(digits, Path("images"))
    words = [str(digits.model), "images", "--output", "out"]
    if change == "unknown":
        (images / "ONE").rename(images / "elevn")
    elif change == "twice":
        shutil.copytree(images / "SIX", images / "six")
    elif change == "gone":
        shutil.rmtree(images)
    elif change == "damaged":
        for file in images.rglob("*.png"):
            file.write_text("no image")
    elif change == "full":
        Path("out").mkdir()
        Path("out/mine.txt").write_text("x")
    elif change == "model":
        words[0] = "no-model"
    else:
        words[1:2] = [str(digits.path("test")), "--label-column", "labl"]
    assert main(["evaluate", *words]) == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if "error:" in line]
    assert len(lines) == 1
    assert message in lines[0]
    assert not Path("out/metrics.json").exists()
