"""The folder that is published: opened by `datasets`, imported again, and in figures."""

import hashlib
import json

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from sau.core.errors import UserError
from sau.pipeline.images.imported import import_shard
from sau.pipeline.images.settings import ImagesSettings
from sau.storage import manifest
from sau.tools.publish_images import publish_images, shards
from tests.sources.make_images import pixels_of
from tests.tools.publish_images.conftest import GLIDE, NAMES, WEIGHTS, Results

datasets.disable_progress_bars()


def load(folder, tmp_path):
    return datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))


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
        assert (row["reason"], row["width"], row["margin"]) == ("passes threshold", 8, None)


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


def test_card_says_figures_licences_and_limits(results, tmp_path):
    settings = {"licence": "CC-BY-4.0", "title": "Ants", "generator_licence": ["mit"]}
    publish_images(results.folder, output=tmp_path / "set", **settings)
    text = (tmp_path / "set/README.md").read_text()
    _, front, body = text.split("---\n", 2)
    facts = yaml.safe_load(front)
    assert (facts["license"], facts["pretty_name"]) == ("cc-by-4.0", "Ants")
    assert facts["size_categories"] == ["n<1K"]
    (split,) = facts["dataset_info"]["splits"]
    assert split["num_examples"] == 8
    stored = sum(file.stat().st_size for file in (tmp_path / "set/data").iterdir())
    assert facts["dataset_info"]["download_size"] == stored
    assert "| 0 | ant | 5 | 0 | 4 | 1 | 0.400 |" in body
    assert f"| tiny-glide | mit | `{WEIGHTS[:16]}` | steps 3," in body
    assert "keep\\_fraction 0.8" in body or "keep_fraction 0.8" in body
    assert "## Limits" in body


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


def test_models_of_a_folder_are_called_without_the_way_there(tmp_path):
    made = Results(tmp_path / "r", GLIDE | {"model": "/home/xyzzy/secret/my-glide"})
    publish_images(made.folder, output=tmp_path / "set")
    for file in ("README.md", "provenance.json"):
        text = (tmp_path / "set" / file).read_text()
        assert "my-glide" in text
        assert "xyzzy" not in text
    row = load(tmp_path / "set", tmp_path)["train"][0]
    assert (row["generator"], row["generator_licence"]) == ("my-glide", None)


def test_licence_of_each_generator_and_of_imported_images(tmp_path):
    settings = {"source": "imported", "layout": "class-folder", "folder": "x"}
    made = Results(tmp_path / "r", settings, seed=False)
    publish_images(made.folder, output=tmp_path / "set", generator_licence=["imported=cc0-1.0"])
    row = load(tmp_path / "set", tmp_path)["train"][0]
    assert (row["generator"], row["generator_licence"]) == ("imported", "cc0-1.0")
    assert "8 images were imported" in (tmp_path / "set/README.md").read_text()
    for given, message in (
        (["glyde=mit"], "no images of 'glyde'; known are imported"),
        (["mit", "cc0"], "mit and cc0; name the generators, as in imported=mit"),
    ):
        with pytest.raises(UserError, match=message):
            publish_images(made.folder, output=tmp_path / "x", generator_licence=given)


def test_shards_of_an_earlier_run_do_not_count(results, tmp_path):
    other = Results(tmp_path / "other", GLIDE | {"steps": "4"}, seed=False)
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
