import logging
import tracemalloc

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.pipeline.images import imported
from sau.pipeline.images.imported import import_shard
from sau.pipeline.images.settings import ImagesSettings
from sau.sources import cifake, class_match, table
from tests.sources.hub.hub_folders import LABELS, pictures, put_parquet, put_saved_dict
from tests.sources.make_images import (
    picture,
    put,
    put_cifake_parquet,
    put_cifake_tree,
    put_classes,
    put_table,
)

NAMES = ["ant", "prickly pear", "cat"]


def folder_of(path, **settings):
    return ImagesSettings(source="imported", folder=str(path), **settings)


def table_of(path, **settings):
    return ImagesSettings(source="imported", layout="parquet", file=str(path), **settings)


def import_images(settings, class_names):
    """Import all images, as one shard."""
    return import_shard(settings, class_names, 0, 1)


@pytest.mark.parametrize(
    ("first", "second", "third"), [("ant", "Prickly_Pear", "cat"), ("0", "1", "2")]
)
def test_class_folders_by_name_spelling_or_index(tmp_path, first, second, third):
    put_classes(tmp_path, {first: 2, second: 11, third: 1})
    rows = import_images(folder_of(tmp_path), NAMES).to_pylist()
    assert [row["label"] for row in rows] == [0] * 2 + [1] * 11 + [2]
    assert rows[0]["id"] == f"synthetic/{first}/0.png"
    assert rows[12]["id"] == f"synthetic/{second}/10.png"
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["prompt"] for row in rows} == {None}


def test_class_may_have_no_images(tmp_path):
    put_classes(tmp_path, {"cat": 1})
    assert import_images(folder_of(tmp_path), NAMES)["label"].to_pylist() == [2]


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ({"ant": 1, "dog": 1}, "no class is called 'dog'"),
        ({"3": 1}, "'3' is neither the name of a class nor an index"),
        ({"ant": 1, "0": 1}, "no class is called '0', though one is called 'ant'"),
        ({"ant": 1, "Ant": 1}, "folders '[aA]nt' and '[aA]nt' are both of class 'ant'"),
        ({}, "no class folders found"),
    ],
)
def test_folders_that_do_not_fit(tmp_path, folders, message):
    put_classes(tmp_path, folders)
    with pytest.raises(UserError, match=message):
        import_images(folder_of(tmp_path), NAMES)


def test_images_are_the_first_of_each_class_and_resized(tmp_path):
    put_classes(tmp_path, {"ant": 3, "prickly pear": 4, "cat": 3})
    settings = folder_of(tmp_path, images_per_class=2, image_size=16)
    rows = import_images(settings, NAMES).to_pylist()
    assert [row["id"].split("/")[-1] for row in rows] == ["0.png", "1.png"] * 3
    assert {(row["width"], row["height"]) for row in rows} == {(16, 16)}
    with pytest.raises(UserError, match="images.images_per_class: 4 is more images than exist"):
        import_images(folder_of(tmp_path, images_per_class=4), NAMES)


@pytest.mark.parametrize("shards", [1, 2, 3, 20])
def test_shards_are_blocks_of_the_whole(tmp_path, shards):
    put_classes(tmp_path, {"ant": 3, "prickly pear": 4, "cat": 3})
    put(tmp_path / "ant" / "bad.png", b"")
    settings = folder_of(tmp_path)
    parts = [import_shard(settings, NAMES, shard, shards) for shard in range(shards)]
    assert pa.concat_tables(parts).equals(import_images(settings, NAMES))
    assert max(part.num_rows for part in parts) - min(part.num_rows for part in parts) <= 1
    with pytest.raises(ValueError, match="expected 0 to"):
        import_shard(settings, NAMES, shards, shards)


def test_cifake_tree_and_parquet_are_the_same(tmp_path):
    put_cifake_tree(tmp_path / "tree", "train", "FAKE")
    put_cifake_parquet(tmp_path / "parquet", "train", "FAKE")
    tables = [
        import_images(folder_of(tmp_path / form, layout="cifake"), cifake.CLASS_NAMES)
        for form in ("tree", "parquet")
    ]
    assert tables[0].equals(tables[1])
    assert tables[0]["id"][0].as_py() == "synthetic/train/0/1000"


def test_cifake_of_other_classes(tmp_path, caplog):
    put_cifake_parquet(tmp_path, "train", "FAKE")
    with pytest.raises(UserError, match="CIFAKE has 10 classes, but the real images have 3"):
        import_images(folder_of(tmp_path, layout="cifake"), NAMES)
    with caplog.at_level(logging.WARNING):
        import_images(folder_of(tmp_path, layout="cifake"), ["plane", *cifake.CLASS_NAMES[1:]])
    assert "class 'plane' of the real images is 'airplane' in CIFAKE" in caplog.text


def test_cifake_in_another_order_of_classes_keeps_its_names(tmp_path):
    put_cifake_parquet(tmp_path, "train", "FAKE")
    settings = folder_of(tmp_path, layout="cifake")
    as_it_is = import_images(settings, cifake.CLASS_NAMES).to_pylist()
    turned = import_images(settings, cifake.CLASS_NAMES[::-1]).to_pylist()
    assert {(row["id"], 9 - row["label"]) for row in as_it_is} == {
        (row["id"], row["label"]) for row in turned
    }


def test_parquet_with_prompts_and_names(tmp_path):
    labels = ["cat", "ant", "prickly-pear", "CAT"]
    rows = [{"pic": picture(i), "y": y, "text": f"a {y}"} for i, y in enumerate(labels)]
    put_table(tmp_path / "made.parquet", rows)
    columns = {"image_column": "pic", "label_column": "y", "prompt_column": "text"}
    found = import_images(table_of(tmp_path / "made.parquet", **columns), NAMES).to_pylist()
    assert [(row["id"], row["label"], row["prompt"]) for row in found] == [
        ("synthetic/made/00000001", 0, "a ant"),
        ("synthetic/made/00000002", 1, "a prickly-pear"),
        ("synthetic/made/00000000", 2, "a cat"),
        ("synthetic/made/00000003", 2, "a CAT"),
    ]
    assert [row["image"]["bytes"] for row in found] == [picture(i) for i in (1, 2, 0, 3)]


def test_parquet_that_does_not_fit(tmp_path):
    path = tmp_path / "made.parquet"
    put_table(path, [{"image": picture(0), "label": 3}])
    with pytest.raises(UserError, match="images.file: .*label 3 in row 0, expected 0 to 2"):
        import_images(table_of(path), NAMES)
    with pytest.raises(UserError, match="no column 'promt'; known are image, label"):
        import_images(table_of(path, prompt_column="promt"), NAMES)
    put_table(path, [{"id": "a", "image": picture(0), "label": 0}] * 2)
    with pytest.raises(UserError, match="id 'synthetic/a' comes twice"):
        import_images(table_of(path), NAMES)


@pytest.mark.parametrize("layout", ["class-folder", "cifake"])
def test_folder_that_is_not_there_is_refused(layout):
    with pytest.raises(UserError, match="images.folder: no/where: no such folder"):
        import_images(folder_of("no/where", layout=layout), NAMES)


def test_class_names_are_not_spelt_again_for_each_folder(tmp_path, monkeypatch):
    plain_name, spelt = class_match.plain_name, []

    def watched(name):
        spelt.append(name)
        return plain_name(name)

    monkeypatch.setattr(class_match, "plain_name", watched)
    put_classes(tmp_path, {f"Class_{i}": 1 for i in range(30)})
    names = [f"class {i}" for i in range(30)]
    assert import_images(folder_of(tmp_path), names)["label"].to_pylist() == list(range(30))
    assert len(spelt) == 60


COUNT, SIDE = 90, 40
BYTES = COUNT * SIDE * SIDE * 3
"""Of noise, which no format makes smaller."""


def test_images_of_a_shard_are_not_all_in_memory_at_once(tmp_path, monkeypatch):
    for number in range(COUNT):
        put(tmp_path / "made" / NAMES[number % 2] / f"{number}.png", picture(number, (SIDE, SIDE)))
    held = []
    decode = table.decode

    def watched(data):
        held.append(tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes())
        return decode(data)

    monkeypatch.setattr(table, "decode", watched)
    arguments = folder_of(tmp_path / "made"), NAMES, 0, 1
    import_shard(*arguments, spool_in=tmp_path, batch_rows=5)  # for what is imported on the way
    held.clear()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes()
        import_shard(*arguments, spool_in=tmp_path, batch_rows=5)
    finally:
        tracemalloc.stop()
    assert len(held) == COUNT
    assert max(held) - before < BYTES / 3


def test_shard_has_the_same_bytes_wherever_its_rows_wait(inputs, monkeypatch):
    put_classes(inputs.folder / "made", {"zero": 12, "one": 9})
    put(inputs.folder / "made" / "one" / "bad.png", b"no image")
    path = inputs.folder / "shard-0.parquet"
    inputs.import_from(inputs.folder / "made")
    found = path.read_bytes()
    whole = imported.import_shard

    def elsewhere(*values, spool_in):
        assert spool_in == inputs.folder
        batched = whole(*values, spool_in=spool_in, batch_rows=5)
        assert len(batched.to_batches()) == 5
        in_memory.append(whole(*values))
        return batched

    in_memory = []
    monkeypatch.setattr(imported, "import_shard", elsewhere)
    inputs.import_from(inputs.folder / "made")
    assert path.read_bytes() == found
    monkeypatch.setattr(imported, "import_shard", lambda *_, spool_in: in_memory.pop())
    inputs.import_from(inputs.folder / "made")
    assert path.read_bytes() == found


def hub_folder_of(path, **settings):
    return ImagesSettings(source="imported", layout="hub-folder", folder=str(path), **settings)


@pytest.mark.parametrize("shards", [1, 3])
def test_hub_folder_by_name_with_prompts(tmp_path, shards):
    put_parquet(tmp_path)
    names = ["emu", "Dog", "cat"]
    settings = hub_folder_of(tmp_path, prompt_column="prompt")
    parts = [import_shard(settings, names, shard, shards) for shard in range(shards)]
    rows = pa.concat_tables(parts).to_pylist()
    turned = [2 - label for label in LABELS]
    order = sorted(range(len(LABELS)), key=turned.__getitem__)
    assert [row["label"] for row in rows] == [turned[i] for i in order]
    assert [row["image"]["bytes"] for row in rows] == [pictures()[i] for i in order]
    assert [row["prompt"] for row in rows] == [f"a {names[turned[i]].lower()}" for i in order]
    assert rows[0]["id"] == f"synthetic/train/{order[0]:08d}"


def test_hub_folder_of_another_split_or_none(tmp_path):
    put_saved_dict(tmp_path)
    names = ["cat", "dog", "emu"]
    found = import_images(hub_folder_of(tmp_path, part="validation"), names)
    assert found["id"][0].as_py() == "synthetic/validation/00000001"
    with pytest.raises(UserError, match="images.part: .*no split 'valid'; did you mean 'validati"):
        import_images(hub_folder_of(tmp_path, part="valid"), names)
    with pytest.raises(UserError, match="images.folder: .*no class is called 'emu'"):
        import_images(hub_folder_of(tmp_path), names[:2])
