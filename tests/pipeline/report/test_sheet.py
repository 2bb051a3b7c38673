import io

import numpy as np
import pandas as pd
from PIL import Image

from sau.pipeline.report.sheet import choose, sheets, shown_classes


def png(side, **options):
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (9, 8, 7)).save(buffer, "png", **options)
    return buffer.getvalue()


def rows_of(*arguments):
    return sheets(*arguments).rows


def kept_rows():
    return pd.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e"],
            "label": 0,
            "score": [0.1, 0.4, 0.3, 0.2, np.nan],
            "rank": pd.array([4, 1, 2, 3, None], dtype="Int32"),
            "kept": [False, True, True, False, False],
            "reason": "r",
        }
    )


def member_rows():
    return pd.DataFrame({"id": ["r2", "r1", "b"], "label": 0, "is_synthetic": [False, False, True]})


def test_images_come_best_kept_first_worst_rejected_first_failed_last():
    rows = choose(member_rows(), kept_rows(), 1, 5)

    by_kind = rows.groupby("kind")["id"].agg(list).to_dict()
    assert by_kind == {"real": ["r2", "r1"], "kept": ["b", "c"], "rejected": ["a", "d", "e"]}


def test_sheet_shows_so_many_images():
    rows = choose(member_rows(), kept_rows(), 1, 1)

    assert rows["id"].tolist() == ["r2", "b", "a"]


def test_sheet_without_a_synthetic_image():
    rows = choose(member_rows(), kept_rows().iloc[:0], 1, 4)

    (sheet,) = rows_of(rows, {}, ["cat"])
    assert {kind: len(tiles) for kind, tiles in sheet.tiles.items()} == {"real": 2}


def test_images_are_scaled_by_whole_multiples_or_shrunk():
    images = {
        "r2": {"image": {"bytes": png(8)}},
        "r1": {"image": {"bytes": png(300)}},
    }

    (sheet,) = rows_of(choose(member_rows(), kept_rows(), 1, 2), images, ["cat"])

    small, large = sheet.tiles["real"]
    assert (small.width, large.width) == (40, 96)
    assert small.source.startswith("data:image/png;base64,")
    assert large.source.startswith("data:image/jpeg;base64,")


def test_image_that_failed_or_cannot_be_read_leaves_a_gap():
    images = {
        "a": {"image": {"bytes": b"no image"}, "status": "ok"},
        "d": {"image": None, "status": "failed", "reason": "out of memory"},
    }

    (sheet,) = rows_of(choose(member_rows(), kept_rows(), 1, 2), images, ["cat"])

    broken, failed = sheet.tiles["rejected"]
    assert (broken.source, broken.caption) == ("", "unreadable")
    assert (failed.source, failed.caption) == ("", "failed")
    assert "out of memory" in failed.text


def test_classes_are_shown_in_part_where_they_are_many():
    assert shown_classes(3) == [0, 1, 2]
    assert len(set(shown_classes(1000))) == 20
    assert {0, 999} <= set(shown_classes(1000))
