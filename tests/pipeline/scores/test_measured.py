"""Without a scorer, rows without an image cost nothing, and others are measured as with one."""

import subprocess
import sys

import numpy as np

from sau.pipeline.scores import measured
from sau.pipeline.scores.measured import measure_shard
from sau.sources.decode import encode_png
from sau.storage import manifest
from tests.pipeline.scores.conftest import picture, row, run, write_images

COLUMNS = ["id", "label", "status", "reason"]
MEASURES = ["perceptual_hash", "brightness", "contrast", "sharpness"]


def unscored(images, workers=0):
    return measure_shard(images, manifest.read(images, "images", columns=COLUMNS), workers)


def test_rows_are_those_of_a_scorer_but_for_its_columns(tmp_path):
    good = [encode_png(picture(i, 8 + i, 8)) for i in range(5)]
    rows = [row(f"{i:03d}", i % 3, good[i % 5] if i % 4 else None) for i in range(90)]
    rows[1]["image"] = {"bytes": good[0][:-40], "path": None}
    rows[2]["image"] = None
    rows[3]["image"] = {"bytes": None, "path": str(tmp_path / "nothing.png")}
    path = write_images(tmp_path / "images.parquet", rows)
    plain, scored = unscored(path), run(path)
    assert plain.schema == scored.schema
    for name in ("id", "label", "reason", *MEASURES):
        assert plain[name].equals(scored[name]), name
    ok = np.array(scored["status"].to_pylist()) == "ok"
    assert (np.array(plain["status"].to_pylist()) == np.where(ok, "unscored", "failed")).all()
    assert plain["embedding"].null_count == plain["score"].null_count == 90


def test_workers_change_nothing(tmp_path):
    rows = [row(f"{i:03d}", 0, encode_png(picture(i, 8, 8))) for i in range(70)]
    path = write_images(tmp_path / "images.parquet", rows)
    assert unscored(path, workers=2).equals(unscored(path))


def test_images_are_not_read_where_none_is_to_be_measured(tmp_path, monkeypatch):
    path = write_images(tmp_path / "images.parquet", [row(str(i), 0, None) for i in range(9)])
    monkeypatch.setattr(measured.manifest, "read_groups", None)
    assert unscored(path)["status"].to_pylist() == ["failed"] * 9


def test_rows_without_an_image_cost_no_step_of_python_each(tmp_path):
    """Counted, not timed: a hundred times the rows take no more calls."""

    def calls(count):
        path = write_images(tmp_path / "i.parquet", [row(f"{i}", 0, None) for i in range(count)])
        rows, seen = manifest.read(path, "images", columns=COLUMNS), []
        sys.setprofile(lambda *_: seen.append(1))
        try:
            measure_shard(path, rows, 0)
        finally:
            sys.setprofile(None)
        return len(seen)

    calls(10)  # imports and caches
    assert calls(1000) < calls(10) + 100


def test_pytorch_is_not_loaded(tmp_path):
    path = write_images(tmp_path / "i.parquet", [row("a", 0, encode_png(picture(0, 8, 8)))])
    program = (
        "import sys; from pathlib import Path\n"
        "from sau.pipeline.scores.settings import ScoresSettings\n"
        "from sau.pipeline.scores.stage import scores\n"
        f"scores(Path({str(path)!r}), Path({str(tmp_path / 'o.parquet')!r}), "
        "settings=ScoresSettings(scorer='none'))\n"
        "print({'torch', 'open_clip', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("set()\n", 0), done.stderr
