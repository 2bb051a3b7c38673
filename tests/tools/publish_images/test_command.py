"""The folder that is published: opened by `datasets`, imported again, and in figures."""

import hashlib
import json

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest

from sau.core.errors import UserError
from sau.pipeline.images.imported import import_shard
from sau.pipeline.images.settings import ImagesSettings
from sau.storage import manifest
from sau.tools.publish_images import publish_images, shards
from tests.sources.make_images import pixels_of
from tests.tools.publish_images.conftest import GLIDE, NAMES, Results, load


def test_datasets_opens_it_with_classes_and_pictures(results, tmp_path):
    publish_images(results.folder, output=tmp_path / "set")
    loaded = load(tmp_path / "set", tmp_path)
    assert list(loaded) == ["train"]
    images = loaded["train"]
    assert images.features["label"] == datasets.ClassLabel(names=NAMES)
    assert isinstance(images.features["image"], datasets.Image)
    assert images["id"][:] == results.kept
    for row in images:
        data = results.data[row["id"]]
        assert np.array_equal(np.asarray(row["image"]), pixels_of(data))
        number = int(row["id"][-6:])
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        assert (row["label"], row["seed"], row["prompt"]) == (
            number % 2,
            number,
            f"a {NAMES[number % 2]}",
        )
        assert (row["generator"], row["generator_licence"]) == ("tiny-glide", "apache-2.0")
        assert row["score"] == pytest.approx(number / 10)
        assert (row["rank"], row["zero_shot"]) == (number // 2 + 1, "New York")
        assert row["perceptual_hash"] == -number
        assert row["entropy"] == pytest.approx(number / 20)
        assert row["agreement"] == pytest.approx(number / 10)
        assert row["loss"] == (None if number % 2 else pytest.approx(number / 5))
        assert (row["reason"], row["width"], row["margin"]) == ("passes threshold", 8, None)


def test_file_that_the_filter_went_by_is_named_by_its_hash(results, tmp_path):
    kept = results.folder / "filter" / "kept.parquet"
    made = manifest.read_metadata(kept)["provenance"]
    settings = {"influence": "/home/ada/tail/influence.parquet", "helpful_fraction": 0.5}
    made |= {"settings": settings, "inputs": made.get("inputs", {}) | {"influence": ["5eed"]}}
    manifest.write(kept, "kept", manifest.read(kept, "kept"), made)
    publish_images(results.folder, output=tmp_path / "set")
    card = (tmp_path / "set" / "README.md").read_text()
    assert "influence 5eed" in card
    for file in (tmp_path / "set").rglob("*.*"):
        assert b"/home/ada" not in file.read_bytes()


@pytest.mark.parametrize("shard_bytes", [1, 10**9])
def test_importing_it_gives_the_same_hashes(results, tmp_path, shard_bytes, monkeypatch):
    monkeypatch.setattr(shards, "GROUP_ROWS", 3)
    write = shards.write_shards
    monkeypatch.setattr(
        "sau.tools.publish_images.command.write_shards",
        lambda *given: write(*given, shard_bytes=shard_bytes),
    )
    publish_images(results.folder, output=tmp_path / "set")
    files = sorted(file.name for file in (tmp_path / "set/data").iterdir())
    count = 3 if shard_bytes == 1 else 1
    assert files == [f"train-{n:05d}-of-{count:05d}.parquet" for n in range(count)]
    folder = str(tmp_path / "set")
    hub = {"source": "imported", "layout": "hub-folder", "prompt_column": "prompt"}
    table = import_shard(ImagesSettings(**hub, folder=folder), NAMES, 0, 1)
    recorded = json.loads((tmp_path / "set/provenance.json").read_text())
    same = table.select(["id", "image", "label", "prompt"])
    assert manifest.content_hash(same) == recorded["content_sha256"]
    assert [row["bytes"] for row in table["image"].to_pylist()] == [
        results.data[name] for name in results.kept
    ]
    turned = import_shard(ImagesSettings(**hub, folder=folder), NAMES[::-1], 0, 1)
    assert turned["label"].to_pylist() == [0] * 4 + [1] * 4
    assert turned["prompt"][0].as_py() == "a New York"


def test_same_results_give_the_same_bytes(results, tmp_path):
    for name in ("a", "b"):
        publish_images(results.folder, output=tmp_path / name)
    for file in ("README.md", "provenance.json", "data/train-00000-of-00001.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_table_says_to_the_viewer_what_it_holds(results, tmp_path):
    publish_images(results.folder, output=tmp_path / "set")
    file = pq.ParquetFile(tmp_path / "set/data/train-00000-of-00001.parquet")
    features = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert features["label"] == {"names": NAMES, "_type": "ClassLabel"}
    assert file.metadata.row_group(0).column(0).has_offset_index


def test_shards_of_an_earlier_run_do_not_count(results, tmp_path):
    other = Results(tmp_path / "other", GLIDE | {"steps": "4"})
    for stage in ("images", "scores"):
        path = other.folder / stage / "shard-0.parquet"
        path.rename(results.folder / stage / "shard-7.parquet")
    publish_images(results.folder, output=tmp_path / "set")
    assert len(load(tmp_path / "set", tmp_path)["train"]) == 8


def test_what_is_refused_leaves_nothing(results, tmp_path):
    out = tmp_path / "set"
    with pytest.raises(UserError, match="RESULTS: .*no such folder"):
        publish_images(tmp_path / "no", output=out)
    with pytest.raises(UserError, match="no filter/kept.parquet in it; run the pipeline"):
        publish_images(tmp_path, output=out)
    with pytest.raises(UserError, match="--private: without --push"):
        publish_images(results.folder, output=out, private=True)
    (results.folder / "images/shard-1.parquet").unlink()
    with pytest.raises(UserError, match="decided by 2 shards of images, of which 1 are not in"):
        publish_images(results.folder, output=out)
    assert not out.exists()


def test_only_a_folder_of_its_own_is_replaced(results, tmp_path):
    out = tmp_path / "set"
    publish_images(results.folder, output=out)
    with pytest.raises(UserError, match="is there already"):
        publish_images(results.folder, output=out)
    (out / "data/train-00000-of-00001.parquet").write_bytes(b"old")
    publish_images(results.folder, output=out, replace=True)
    assert len(load(out, tmp_path)["train"]) == 8
    (out / "provenance.json").unlink()
    with pytest.raises(UserError, match="is there already"):
        publish_images(results.folder, output=out, replace=True)
