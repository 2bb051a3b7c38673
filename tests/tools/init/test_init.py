"""`sau init`: what it says of a folder, and the config that it writes."""

import re

import pytest
import yaml

from sau.__main__ import main
from sau.config import load, read_config_file
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.storage import manifest
from sau.tools.init.choices import Machine
from tests.sources.make_images import picture as noise
from tests.sources.make_images import put
from tests.tools.init.pictures import picture, put_pictures


@pytest.fixture(autouse=True)
def machine(monkeypatch, request):
    """A CPU without pretrained weights, whatever this machine has; or with them."""
    found = Machine(has_gpu=False, has_weights=getattr(request, "param", False))
    monkeypatch.setattr("sau.tools.init.command._machine", lambda: found)


@pytest.mark.parametrize("machine", [True], indirect=True)
def test_pretrained_backbone_is_taken_where_its_weights_are(run, tmp_path):
    put_pictures(tmp_path / "zoo", {"ant": 30, "bee": 1})
    _, config = run()
    training = load(config).training.runs["ce"]
    assert (training.backbone, training.freeze) == ("timm/tf_efficientnet_lite0", "backbone")
    assert (training.input_size, training.optimizer) == (96, "adamw")
    assert training.starts_pretrained()


@pytest.mark.parametrize(
    ("machine", "rate"), [(True, 0.0002), (False, 0.005)], indirect=["machine"]
)
def test_rows_on_generated_images_are_there_to_be_uncommented(run, tmp_path, rate):
    put_pictures(tmp_path / "zoo", {"ant": 30, "bee": 1})
    run()
    text = (tmp_path / "my.yaml").read_text()
    config = yaml.safe_load(re.sub(r"^    # (?! *(With|The) )", "    ", text, flags=re.MULTILINE))
    rows = load(config | {"images": {"source": "glide"}}).training.runs
    assert list(rows) == ["ce", "balanced-softmax", "ce-balanced", "sau", "then-real"]
    last = rows["then-real"].second_stage
    assert (last["method"], last["data"]) == ("balanced_softmax", "real")
    assert (last["learning_rate"], last["epochs"]) == (rate, rows["ce"].epochs // 4)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command in the folder of `zoo`; return what it prints and the config."""
    monkeypatch.chdir(tmp_path)

    def run_init(folder="zoo"):
        code = main(["init", folder, "--output", "my.yaml"])
        captured = capsys.readouterr()
        if code:
            return captured.err
        return captured.out, read_config_file(tmp_path / "my.yaml")

    return run_init


def test_lopsided_folder_gets_a_share_and_bounds_that_fit(run, tmp_path):
    put_pictures(tmp_path / "zoo", {"ant": 130, "bee": 50, "cat": 10, "dog": 1})
    out, config = run()
    assert "191 images of 4 classes" in out
    assert "  cat        7 training       3 test" in out
    assert "all 40 x 30 pixels" in out
    assert "RGB 191" in out
    assert "! 1 classes have no test image" in out
    assert config["dataset"] | {"name": ""} == {
        "name": "",
        "source": "image-folder",
        "folder": "zoo",
        "test_split": "share",
        "test_share": 0.2,
        "test_at_least": 5,
        "test_at_most": 0.3,
        "image_size": 32,
    }
    assert config["evaluation"] == {"many_above": 100, "few_at_most": 20}
    assert config["experiment"]["results"] == "results/my"


def test_dataset_stage_sees_the_same_images(run, tmp_path):
    put_pictures(tmp_path / "zoo", {"ant": 40, "bee": 9})
    put(tmp_path / "zoo" / "bee" / "broken.jpg", b"oops")
    out, config = run()
    parts = (tmp_path / "train.parquet", tmp_path / "test.parquet")
    dataset(*parts, settings=DatasetSettings(**config["dataset"]))
    for path, part in zip(parts, ("training", "test"), strict=True):
        for name, count in zip(("ant", "bee"), manifest_counts(path), strict=True):
            line = next(line for line in out.splitlines() if line.split()[:1] == [name])
            assert f" {count} {part}" in line


def manifest_counts(path):
    return manifest.read_metadata(path)["provenance"]["counts"]


def test_few_images_are_tested_on_in_turn(run, tmp_path):
    put_pictures(tmp_path / "zoo", {"ant": 30, "bee": 12, "cat": 5})
    out, config = run()
    assert "the config has 5 folds" in out
    assert "sau cross-validate --config my.yaml" in out
    assert config["dataset"]["test_split"] == "folds"


def test_class_of_one_image_cannot_be_tested_in_turn(run, tmp_path):
    put_pictures(tmp_path / "zoo", {"ant": 30, "bee": 1})
    out, config = run()
    assert config["dataset"]["test_split"] == "share"
    assert "! 6 test images: a top-1 accuracy is known to about 41 points only" in out


@pytest.mark.parametrize(
    ("parts", "keys"),
    [
        (("train", "test"), {}),
        (("Training", "Testing"), {"train_part": "Training", "test_part": "Testing"}),
        (
            ("seg_train/seg_train", "seg_test/seg_test"),
            {"train_part": "seg_train/seg_train", "test_part": "seg_test/seg_test"},
        ),
    ],
)
def test_part_folders_are_recognised(run, tmp_path, parts, keys):
    put_pictures(tmp_path / "zoo" / parts[0], {"ant": 6, "bee": 4})
    put_pictures(tmp_path / "zoo" / parts[1], {"ant": 2, "bee": 1}, seed=1)
    out, config = run()
    assert "13 images of 2 classes" in out
    found = {key: config["dataset"].get(key) for key in ("train_part", "test_part", "test_split")}
    assert found == {"train_part": None, "test_part": None, "test_split": None} | keys


def test_copies_are_counted(run, tmp_path):
    put_pictures(tmp_path / "zoo" / "train", {"ant": 8, "bee": 6})
    put_pictures(tmp_path / "zoo" / "test", {"ant": 3, "bee": 3}, seed=1)
    again = picture((0, 0, 0), file_format="PNG")
    put(tmp_path / "zoo" / "train" / "bee" / "copy.jpg", picture((0, 0, 0)))
    put(tmp_path / "zoo" / "test" / "ant" / "leak.jpg", picture((0, 0, 0)))
    put(tmp_path / "zoo" / "test" / "ant" / "again.png", again)
    out, _ = run()
    assert "2 have the same bytes as another image" in out
    assert "! 3 have the same bytes as an image of another class" in out
    leak = "such as real/test/ant/leak.jpg"
    assert f"! 1 test images have the same bytes as a training image, {leak}" in out
    alike = "such as real/test/ant/again.png"
    assert f"! 1 test images look nearly like a training image, {alike}" in out
    assert "2 look nearly like another image (hashes differ in at most 4 of 64 bits)" in out


def test_unreadable_odd_and_grey_images_are_said(run, tmp_path):
    put_pictures(tmp_path / "zoo", {"ant": 20, "bee": 12})
    put_pictures(tmp_path / "zoo", {"cat": 5}, mode="L", seed=2)
    put_pictures(tmp_path / "zoo", {"dog": 6}, size=(300, 200), seed=3)
    put(tmp_path / "zoo" / "ant" / "cut.jpg", picture(9)[:200])
    out, _ = run()
    assert "! 1 cannot be read, such as real/ant/cut.jpg: cannot be decoded" in out
    assert "modes: RGB 38, L 5" in out
    assert "sizes: 2; the shorter side has 30 to 200 pixels, 30 in the middle" in out


@pytest.mark.parametrize("swapped", [False, True])
def test_red_and_blue_that_are_swapped_in_one_part_are_noticed(run, tmp_path, swapped):
    classes = {"ant": 12, "bee": 12, "cat": 12}
    put_pictures(tmp_path / "zoo" / "train", classes)
    put_pictures(tmp_path / "zoo" / "test", classes, seed=1, swapped=swapped)
    out, _ = run()
    assert ("! red and blue seem to be swapped in one part" in out) is swapped


@pytest.mark.parametrize(("readable", "all_of_them"), [(0, 5), (1, 4)])
def test_class_that_cannot_be_trained_on_is_refused(run, tmp_path, readable, all_of_them):
    put_pictures(tmp_path / "zoo", {"ant": 30, "bee": readable})
    for number in range(readable, all_of_them):
        put(tmp_path / "zoo" / "bee" / f"cut {number}.jpg", picture(number)[:99])
    assert "FOLDER: zoo: too few images of class 'bee' can be read (1 such classes)" in run()
    assert not (tmp_path / "my.yaml").exists()


def test_config_survives_odd_names(run, tmp_path):
    folder = 'my: "zoo" # {of} [animals]'
    put_pictures(tmp_path / folder, {"ant: a": 20, "- bee": 12})
    _, config = run(folder)
    assert load(config).dataset.folder == folder
    assert config["report"]["title"] == folder


def test_output_that_is_there_is_not_replaced(run, tmp_path):
    put(tmp_path / "my.yaml", b"mine: 1\n")
    assert "my.yaml is there already" in run()
    assert yaml.safe_load((tmp_path / "my.yaml").read_text()) == {"mine": 1}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        ({}, "FOLDER: zoo: no such folder"),
        ({"zoo/ant/0.png": noise(0)}, "one class alone, 'ant'"),
        ({"zoo/ant/0.png": b"", "zoo/bee/0.png": b"x"}, "none of the 2 images can be read"),
        ({"zoo/a/b/c/0.png": noise(0)}, "its only folder 'a' holds the folders 'b'"),
    ],
)
def test_folder_that_is_no_data_set_is_one_line(run, tmp_path, make, message):
    for name, data in make.items():
        put(tmp_path / name, data)
    err = run()
    assert message in err
    assert [line for line in err.splitlines() if line.startswith("sau init: error")]
    assert not (tmp_path / "my.yaml").exists()
