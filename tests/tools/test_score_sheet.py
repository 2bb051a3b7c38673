import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image

from sau.__main__ import main
from sau.storage import manifest
from sau.tools import score_sheet

PER_CLASS = 6
NAMES = ["ant", "bee"]


def grey(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (value,) * 3).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    """Six images of two classes; number i of a class has rank i + 1 and is as grey as its rank.

    The first two of a class are kept. One more image of ant has failed.
    """
    places = [(label, i) for label in range(2) for i in range(PER_CLASS)]
    images = [
        {
            "id": f"{label}/{i}",
            "image": {"bytes": grey(40 * i), "path": None},
            "label": label,
            "status": "ok",
        }
        for label, i in places
    ]
    kept = [
        {
            "id": f"{label}/{i}",
            "label": label,
            "score": 0.9 - 0.1 * i - 0.5 * label,
            "rank": i + 1,
            "kept": i < 2,
            "reason": "",
        }
        for label, i in places
    ]
    failed = {"id": "failed", "label": 0, "status": "failed"}
    scores = [
        {"id": f"{label}/{i}", "label": label, "zero_shot": 0 if i < 4 else 1, "status": "ok"}
        for label, i in places
    ]
    kept.append({"id": "failed", "label": 0, "kept": False, "reason": "failed"})
    tables = {"images": [*images, failed], "kept": kept, "scores": [*scores, failed]}
    found = {}
    for kind, rows in tables.items():
        found[kind] = tmp_path / f"{kind}.parquet"
        table = pa.Table.from_pylist(rows, manifest.SCHEMAS[kind])
        manifest.write(found[kind], kind, table, {"class_names": NAMES})
    return found


def test_figures_of_each_class(paths: dict[str, Path]) -> None:
    decided = score_sheet.read_decided(paths["kept"], [paths["scores"]], NAMES)
    figures = score_sheet.class_figures(decided).set_index("class")
    assert figures["images"].tolist() == [6, 6, 12]
    assert figures["kept"].tolist() == [2, 2, 4]
    assert figures["mean_score_kept"].tolist() == pytest.approx([0.85, 0.35, 0.6])
    assert figures["mean_score_rejected"].tolist() == pytest.approx([0.55, 0.05, 0.3])
    assert figures["agree_kept"].tolist() == pytest.approx([100, 0, 50])
    assert figures["agree_rejected"].tolist() == pytest.approx([50, 50, 50])


def test_sheet_shows_best_images_left_and_worst_right(paths: dict[str, Path]) -> None:
    decided = score_sheet.read_decided(paths["kept"], [paths["scores"]], NAMES)
    sheet = score_sheet.best_and_worst(decided, [paths["images"]], 2)
    pixels = np.asarray(sheet.convert("L"))
    line = pixels[-30]  # through the last row of tiles
    shown = [0, 40, 160, 200]
    starts = [int(np.flatnonzero(line == shade)[0]) for shade in shown]
    assert starts == sorted(starts)
    assert all((line == shade).sum() >= 64 for shade in shown)
    assert not {80, 120} & set(line.tolist())


def test_class_with_few_images_shows_none_at_both_ends(paths: dict[str, Path]) -> None:
    decided = score_sheet.read_decided(paths["kept"], [paths["scores"]], NAMES)
    few = pd.concat([decided[decided["label"] == 0].head(3), decided[decided["label"] == 1]])
    width, line = 64, np.asarray(score_sheet.best_and_worst(few, [paths["images"]], 3).convert("L"))
    ant = line[12 + 19 + 19 + width // 2]  # through the first row of tiles
    assert [(ant == shade).sum() for shade in (0, 40, 80)] == [width, 0, width]


def flags(paths: dict[str, Path], output: Path, *more: str) -> list[str]:
    words = [word for kind, path in paths.items() for word in (f"--{kind}", str(path))]
    return ["score", "sheet", *words, "--output", str(output), *more]


def test_command_writes_both_files(paths: dict[str, Path], tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert main(flags(paths, output, "--count", "2")) == 0
    assert pd.read_csv(output / "classes.csv")["class"].tolist() == [*NAMES, "all"]
    with Image.open(output / "best-and-worst.png") as sheet:
        assert sheet.width > 4 * 64


def rewrite(path: Path, kind: str, table: pa.Table) -> None:
    manifest.write(path, kind, table, {"class_names": NAMES})


def without_scores(paths: dict[str, Path]) -> None:
    table = manifest.read(paths["kept"], "kept")
    place = table.schema.get_field_index("rank")
    none = pa.nulls(len(table), table.schema.field("rank").type)
    rewrite(paths["kept"], "kept", table.set_column(place, "rank", none))


def without_a_shard_of_scores(paths: dict[str, Path]) -> None:
    rewrite(paths["scores"], "scores", manifest.read(paths["scores"], "scores").slice(4))


def without_a_shard_of_images(paths: dict[str, Path]) -> None:
    rewrite(paths["images"], "images", manifest.read(paths["images"], "images").slice(1))


def with_one_image_of_a_class(paths: dict[str, Path]) -> None:
    rewrite(paths["kept"], "kept", manifest.read(paths["kept"], "kept").slice(5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_scores, "no image has a score, expected some; score them"),
        (without_a_shard_of_scores, "4 of its images are not in --scores; name all shards"),
        (without_a_shard_of_images, "--images: 0/0 is not in them, nor are 0 more; name all"),
        (with_one_image_of_a_class, "class ant: only one image has a score, expected two"),
    ],
)
def test_sheet_that_cannot_be_drawn_is_one_line(
    change: Callable[[dict[str, Path]], None],
    message: str,
    paths: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(paths)
    assert main(flags(paths, tmp_path / "out")) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_count_of_none(
    paths: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(flags(paths, tmp_path / "out", "--count", "0")) == 2
    assert "--count: 0, expected at least 1" in capsys.readouterr().err


def test_classes_of_one_name_stay_two(paths: dict[str, Path]) -> None:
    decided = score_sheet.read_decided(paths["kept"], [paths["scores"]], ["crane", "crane"])
    figures = score_sheet.class_figures(decided)
    assert figures["class"].tolist() == ["crane", "crane", "all"]
    assert figures["images"].tolist() == [6, 6, 12]
    one = score_sheet.best_and_worst(decided[decided["label"] == 0], [paths["images"]], 2)
    both = score_sheet.best_and_worst(decided, [paths["images"]], 2)
    assert both.height > one.height
