import json
import re

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.storage import manifest
from tests.pipeline.gallery.conftest import noise, real, synthetic


def read(html):
    """Return what the page's script reads."""
    text = html.read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    pictures = re.findall(r'<script type="application/json" id="pictures-(\d+)">(.*?)</scr', text)
    return json.loads(data), {int(label): json.loads(block) for label, block in pictures}


def by_id(data):
    return {image["id"]: image for image in data["images"]}


def test_image_has_its_figures_and_reasons_and_nothing_that_is_missing(tables):
    made = tables(
        ["cat", "dog"],
        [real("r")],
        [
            synthetic(
                "s",
                1,
                score=0.25,
                margin=-0.125,
                rank=3,
                zero_shot=0,
                perceptual_hash=-1,
                seed=2**62 + 1,
                rules={"margin": "below 0", "dark": "too dark"},
            )
        ],
    )

    data, pictures = read(made.page())

    assert by_id(data)["r"] == {
        "id": "r",
        "label": 0,
        "kind": "real",
        "picture": 0,
        "width": 16,
        "height": 16,
    }
    assert by_id(data)["s"] == {
        "id": "s",
        "label": 1,
        "kind": "rejected",
        "prompt": "A photo of s.",
        "seed": str(2**62 + 1),
        "rank": 3,
        "zero_shot": 0,
        "perceptual_hash": "f" * 16,
        "score": 0.25,
        "margin": -0.125,
        "rules": {"dark": "too dark", "margin": "below 0"},
        "picture": 0,
        "width": 16,
        "height": 16,
    }
    assert {label: len(block) for label, block in pictures.items()} == {0: 1, 1: 1}


def test_failed_or_unreadable_image_has_no_picture_and_says_why(tables):
    made = tables(
        ["cat"],
        [real("broken", image=b"no image")],
        [synthetic("failed", score=None, status="failed", image=None, failure="out of memory")],
    )

    data, pictures = read(made.page())

    images = by_id(data)
    assert images["failed"]["failure"] == "out of memory"
    assert images["failed"]["rules"] == {"failed": "image failed"}
    assert "not an image of a known format" in images["broken"]["failure"]
    assert pictures == {}
    assert data["histograms"] == {}


def test_kept_image_says_why(tables):
    data, _ = read(tables(["cat"], [], [synthetic("s")]).page())

    assert by_id(data)["s"]["reason"] == "passes"
    assert "rules" not in by_id(data)["s"]


def test_totals_and_histograms_count_what_is_not_on_the_page_too(tables):
    made = tables(
        ["cat", "dog"],
        [real(f"r{i}", i % 2) for i in range(6)],
        [synthetic(f"s{i}", score=i / 10, rules={"dark": "d"} if i > 4 else {}) for i in range(9)],
    )

    data, _ = read(made.page(settings={"images_per_class": 2}))

    assert data["totals"] == [[3, 5, 4], [3, 0, 0]]
    assert len(data["images"]) == 8
    counted = data["histograms"]["score"]
    assert [sum(map(sum, counted[kind]["counts"])) for kind in ("kept", "rejected")] == [5, 4]


def test_real_images_shown_are_the_members(tables):
    made = tables(["cat"], [real("a"), real("b"), real("c")])
    path = made.folder / "members.parquet"
    rows = [("b", False), ("elsewhere", True)]
    columns = {
        "id": [name for name, _ in rows],
        "label": [0, 0],
        "is_synthetic": [is_synthetic for _, is_synthetic in rows],
        "score": [None, 0.5],
        "true_label": [None, None],
    }
    manifest.write(path, "members", pa.table(columns, manifest.SCHEMAS["members"]), {})

    data, _ = read(made.page(members=path))

    assert [image["id"] for image in data["images"]] == ["b"]
    assert data["totals"] == [[1, 0, 0]]


def test_page_without_scores_has_what_the_filter_knew(tables):
    made = tables(["cat"], [], [synthetic("s", score=0.5, margin=0.1)])

    data, _ = read(made.page(scores=[]))

    assert by_id(data)["s"]["score"] == 0.5
    assert "margin" not in by_id(data)["s"]
    assert list(data["histograms"]) == ["score"]


def test_gallery_without_a_synthetic_image(tables):
    made = tables(["cat"], [real("r")])

    data, _ = read(made.page(images=[], scores=[]))

    assert [image["id"] for image in data["images"]] == ["r"]


def test_images_from_several_shards(tables):
    made = tables(["cat"], [], [synthetic("a"), synthetic("b", prompt=None)])
    table = manifest.read(made.folder / "images.parquet", "images")
    shards = [made.folder / "0.parquet", made.folder / "1.parquet"]
    for index, path in enumerate(shards):
        manifest.write(path, "images", table.slice(index, 1), {})

    data, _ = read(made.page(images=shards))

    assert sorted(by_id(data)) == ["a", "b"]
    with pytest.raises(UserError, match="1 images of --kept are in no shard of --images.*'b'"):
        made.page(images=shards[:1])


def test_id_of_a_real_and_a_synthetic_image_is_refused(tables):
    made = tables(["cat"], [real("same")], [synthetic("same")])

    with pytest.raises(UserError, match="1 ids are of a real and of a synthetic image.*'same'"):
        made.page()


def test_label_outside_the_classes_is_refused(tables):
    with pytest.raises(UserError, match=r"kept\.parquet: 1 labels outside the range"):
        tables(["cat"], [real("r")], [synthetic("s", 1)]).page()


def test_page_has_the_same_bytes_twice(tables):
    images = [synthetic(f"s{i}", image=noise(i, 40)) for i in range(5)]
    made = tables(["cat"], [real("r")], images)
    small = {"thumbnail_side": 16}

    assert made.page("a.html", small).read_bytes() == made.page("b.html", small).read_bytes()


def test_settings_of_the_stages_before_stand_on_the_page(tables):
    text = tables(["cat"], [real("r")]).page().read_text()

    assert "<pre>keep_fraction: 0.8</pre>" in text


def test_page_of_real_images_alone(tables):
    made = tables(["cat", "dog"], [real("r"), real("q", 1)], [synthetic("s")])
    data, pictures = read(made.page(kept=None, images=[], scores=[]))
    assert (data["kinds"], data["totals"], data["histograms"]) == (
        ["real"],
        [[1, 0, 0], [1, 0, 0]],
        {},
    )
    assert set(by_id(data)) == {"r", "q"}
    assert set(pictures) == {0, 1}
