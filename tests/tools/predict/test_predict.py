"""`sau predict`: what training found for the test images, from whatever form they come in."""

import io
import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from sau.__main__ import main
from sau.pipeline.dataset.digits import CLASS_NAMES, list_digits
from sau.tools.predict import predict
from tests.tools.digits import Digits


def assert_as_training(found: pd.DataFrame, stored: pd.DataFrame) -> None:
    """The same class for each image, and the same confidence but for rounding."""
    assert (found["status"] == "ok").all()
    assert found["label_1"].tolist() == stored["predicted"].tolist()
    assert np.allclose(found["probability_1"], stored["confidence"], rtol=0, atol=2e-6)
    assert [CLASS_NAMES[label] for label in stored["predicted"]] == found["class_1"].tolist()


def written_to_files(rows: pd.DataFrame, folder: Path) -> list[Path]:
    """Write encoded images as files in a folder for each class; return them in the rows' order."""
    files = []
    for place, row in enumerate(rows.itertuples()):
        file = folder / str(row.label) / f"{place}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(row.image["bytes"])
        files.append(file)
    return files


def test_manifest_of_test_images_gives_the_stored_predictions(
    digits: Digits, tmp_path: Path
) -> None:
    output = tmp_path / "found.parquet"
    predict(digits.model, [digits.path("test")], output=output, top=10)
    found = pd.read_parquet(output)
    assert_as_training(found, digits.predictions())
    ids = digits.test_images()["id"]
    assert found["image"].tolist() == [f"{digits.path('test')}#{name}" for name in ids]
    shares = found[[f"probability_{place}" for place in range(1, 11)]].to_numpy()
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert (np.diff(shares, axis=1) <= 0).all()
    labels = found[[f"label_{place}" for place in range(1, 11)]].to_numpy()
    assert (np.sort(labels, axis=1) == np.arange(10)).all()


@pytest.mark.parametrize("batch_size", [7, 80])
def test_files_give_the_stored_predictions_in_the_order_given(
    batch_size: int, digits: Digits, tmp_path: Path
) -> None:
    files = written_to_files(digits.test_images(), tmp_path / "images")
    output = tmp_path / "found.csv"
    predict(digits.model, files, output=output, batch_size=batch_size, workers=3)
    found = pd.read_csv(output)
    assert found["image"].tolist() == [str(file) for file in files]
    assert_as_training(found, digits.predictions())


def test_originals_of_another_size_are_resized_as_the_dataset_stage_does(
    digits: Digits, tmp_path: Path
) -> None:
    """Scikit-learn's digits have 8 x 8 pixels, the manifest's 12 x 12."""
    originals = {record.id: record for record in list_digits().records()}
    files = []
    for name in digits.test_images()["id"]:
        files.append(tmp_path / f"{name.replace('/', '-')}.png")
        files[-1].write_bytes(originals[name].data)
    assert Image.open(files[0]).size == (8, 8)
    predict(digits.model, files, output=tmp_path / "found.csv")
    assert_as_training(pd.read_csv(tmp_path / "found.csv"), digits.predictions())


def test_folder_is_listed_in_natural_order(digits: Digits, tmp_path: Path) -> None:
    written_to_files(digits.test_images(), tmp_path / "images")
    predict(digits.model, [tmp_path / "images"], output=tmp_path / "found.csv", top=1)
    found = pd.read_csv(tmp_path / "found.csv").sort_values(
        "image", key=lambda names: names.str.extract(r"/(\d+)\.png")[0].astype(int)
    )
    assert_as_training(found, digits.predictions())
    assert list(found) == ["image", "status", "reason", "class_1", "label_1", "probability_1"]


def test_table_of_the_form_of_datasets_gives_the_stored_predictions(
    digits: Digits, tmp_path: Path
) -> None:
    rows = digits.test_images()
    table = tmp_path / "table.parquet"
    pq.write_table(pa.table({"picture": rows["image"].tolist()}), table, row_group_size=13)
    predict(digits.model, [table], output=tmp_path / "found.jsonl", image_column="picture")
    found = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert [row["image"] for row in found] == [f"{table}#{place}" for place in range(len(rows))]
    stored = digits.predictions()
    assert [row["top"][0]["label"] for row in found] == stored["predicted"].tolist()
    assert all(len(row["top"]) == 5 for row in found)


def test_choices_at_test_time_are_those_of_the_run(digits: Digits, tmp_path: Path) -> None:
    """Mirror images, half precision, mean of the weights: the model's folder says it, no flag."""
    changes = {"test_views": "flip", "precision": "bfloat16", "ema_decay": 0.9, "epochs": 2}
    other = digits.train(tmp_path / "other", **changes)
    predict(other.model, [other.path("test")], output=tmp_path / "found.csv")
    assert_as_training(pd.read_csv(tmp_path / "found.csv"), other.predictions())


def test_views_of_imagenet_at_test_time_are_those_of_the_run(
    digits: Digits, tmp_path: Path
) -> None:
    changes = {"view_set": "imagenet", "crop_size": 8, "epochs": 1}
    left_out = {"crop_padding": 4, "cutout_size": 16}
    other = digits.train(tmp_path / "other", **changes, **left_out)
    predict(other.model, [other.path("test")], output=tmp_path / "found.csv")
    assert_as_training(pd.read_csv(tmp_path / "found.csv"), other.predictions())


def test_network_that_validation_chose_gives_its_own_predictions(
    digits: Digits, tmp_path: Path
) -> None:
    model = digits.model / "best_on_validation"
    predict(model, [digits.path("test")], output=tmp_path / "found.csv")
    stored = digits.predictions("best_on_validation")
    assert_as_training(pd.read_csv(tmp_path / "found.csv"), stored)


def test_damaged_images_are_rows_with_a_reason_and_are_counted(
    digits: Digits, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = written_to_files(digits.test_images(), tmp_path / "images")[:3]
    cut, text, gone = (tmp_path / name for name in ("cut.png", "notes.txt", "gone.png"))
    cut.write_bytes(good[0].read_bytes()[:60])
    text.write_text("no image")
    gone.symlink_to(tmp_path / "nowhere.png")
    files = [cut, good[0], text, good[1], gone, good[2]]
    with caplog.at_level(logging.WARNING):
        predict(digits.model, files, output=tmp_path / "found.json", batch_size=2)
    found = json.loads((tmp_path / "found.json").read_text())
    assert [row["image"] for row in found] == [str(file) for file in files]
    assert [row["status"] for row in found] == ["failed", "ok"] * 3
    assert all(row["reason"] and row["top"] == [] for row in found[::2])
    assert "file cannot be read: No such file" in found[4]["reason"]
    stored = digits.predictions()["predicted"].tolist()[:3]
    assert [row["top"][0]["label"] for row in found[1::2]] == stored
    assert "3 of 6 images cannot be read" in caplog.text
    predict(digits.model, [cut], output=tmp_path / "one.csv")
    assert pd.read_csv(tmp_path / "one.csv")["class_1"].isna().all()


def test_grey_turned_and_large_photographs_are_read(digits: Digits, tmp_path: Path) -> None:
    rows = digits.test_images()
    picture = Image.open(io.BytesIO(rows["image"][0]["bytes"]))
    upright, turned = tmp_path / "upright.png", tmp_path / "turned.png"
    picture.convert("L").save(upright)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees
    picture.transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif)
    wide = Image.new("RGB", (900, 300))
    wide.save(tmp_path / "wide.jpg")
    files = [upright, turned, tmp_path / "wide.jpg"]
    predict(digits.model, files, output=tmp_path / "found.csv")
    found = pd.read_csv(tmp_path / "found.csv")
    expected = digits.predictions()["confidence"][0]
    assert found["probability_1"][:2].tolist() == pytest.approx([expected, expected], abs=2e-6)
    assert (found["status"] == "ok").all()


def test_same_call_writes_the_same_bytes_and_replaces_the_file(
    digits: Digits, tmp_path: Path
) -> None:
    for ending in ("csv", "json", "jsonl", "parquet"):
        output = tmp_path / f"found.{ending}"
        texts = []
        for workers in (1, 4):
            predict(digits.model, [digits.path("test")], output=output, workers=workers)
            texts.append(output.read_bytes())
        assert texts[0] == texts[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"found.{ending}" for ending in ("csv", "json", "jsonl", "parquet")
    )


def test_names_that_are_formulas_stay_texts(digits: Digits, tmp_path: Path) -> None:
    odd = tmp_path / "=1+1.png"
    odd.write_bytes(digits.test_images()["image"][0]["bytes"])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        predict(digits.model.absolute(), [Path(odd.name)], output=tmp_path / "found.csv")
    assert pd.read_csv(tmp_path / "found.csv")["image"].tolist() == ["'=1+1.png"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["MODEL", "no.png", "--output", "x.csv"], "IMAGES: no.png: no such file or folder"),
        (["MODEL", "empty", "--output", "x.csv"], "IMAGES: empty: no images found"),
        (["MODEL", "TEST", "--output", "x.txt"], "ends in .csv, .jsonl, .json, .parquet"),
        (["MODEL", "TEST", "--output", "x.csv", "--top", "11"], "--top: 11, expected 1 to 10"),
        (["MODEL", "TEST", "--output", "x.csv", "--top", "0"], "--top: 0, expected 1 to 10"),
        (["MODEL", "TEST", "--output", "x.csv", "--workers", "0"], "--workers: 0, expected at"),
        (["MODEL", "TEST", "--output", "x.csv", "--batch-size", "-1"], "--batch-size: -1"),
        (
            ["MODEL", "TEST", "--output", "x.csv", "--device", "tpu"],
            "--device: tpu, expected cpu or cuda",
        ),
        (["MODEL", "TEST", "--output", "x.csv", "--image-column", "imag"], "mean 'image'"),
        (["MODEL", "odd.parquet", "--output", "x.csv"], "not a readable Parquet file"),
        (["nothing", "TEST", "--output", "x.csv"], "MODEL: nothing: no such folder"),
        (["empty", "TEST", "--output", "x.csv"], "MODEL: empty: no config.json and no model.safe"),
        (["RUN", "TEST", "--output", "x.csv"], "did you mean RUN/model?"),
        (["MODEL", "--output", "x.csv"], "required: IMAGES"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str],
    message: str,
    digits: Digits,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd.parquet").write_text("no table")
    (tmp_path / "RUN").symlink_to(digits.folder)
    known = {"MODEL": str(digits.model), "TEST": str(digits.path("test"))}
    try:
        code = main(["predict", *(known.get(word, word) for word in words)])
    except SystemExit as stop:
        code = int(str(stop.code))
    assert code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not list(tmp_path.glob("x.*"))


def test_output_that_is_one_of_the_images_is_refused(
    tmp_path: Path, digits: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.parquet"
    table.write_bytes(digits.path("test").read_bytes())
    before = table.read_bytes()
    assert main(["predict", str(digits.model), str(table), "--output", str(table)]) == 2
    assert "is one of the images" in capsys.readouterr().err
    assert table.read_bytes() == before
