"""The command on what the stages have written: digits, and imported pictures of them."""

import csv
import shutil

import numpy as np
import pyarrow as pa
import pytest
from sklearn.datasets import load_digits

from sau.core.errors import UserError
from sau.metrics.generated import kernel_distance, manifold_figures
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.stage import filter as filter_stage
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.stage import images
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stage import scores
from sau.storage import manifest
from sau.tools.quality import quality, samples
from sau.tools.quality.features import score_real, unit_features
from sau.tools.quality.pixels import sum_pixels
from tests.sources.make_images import encode, put

PER_CLASS = 12
CLASSES = 10
SPLITS = ("train", "test")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Real digits, and in place of generated ones: of class 0 noise, of the others real digits."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("quality")
    out = folder / "results"
    settings = DatasetSettings(source="digits", image_size=16, images_per_class=PER_CLASS)
    dataset(out / "dataset/train.parquet", out / "dataset/test.parquet", settings=settings)
    digits = load_digits()
    names = manifest.read_facts(out / "dataset/train.parquet", "images", "class_names")
    for label, name in enumerate(names["class_names"]):
        pictures = digits.images[digits.target == label][-PER_CLASS:]
        if label == 0:
            pictures = np.random.default_rng(0).integers(0, 17, pictures.shape)
        for number, picture in enumerate(pictures):
            pixels = np.rint(picture * (255 / 16)).astype(np.uint8)
            data = encode(Image.fromarray(pixels).convert("RGB"))
            put(folder / "made" / name / f"{number}.png", data)
    made = ImagesSettings(source="imported", folder=str(folder / "made"), shards=2, image_size=16)
    shards = []
    for shard in range(2):
        images(out / "dataset/train.parquet", out / f"images/{shard}.parquet", shard=shard,
               settings=made)  # fmt: skip
        scores(out / f"images/{shard}.parquet", out / f"scores/{shard}.parquet",
               settings=ScoresSettings(scorer="open_clip", model="tiny-clip"))  # fmt: skip
        shards.append(out / f"scores/{shard}.parquet")
    kept = FilterSettings(leak="off", keep_fraction=1.0)
    filter_stage(shards, out / "filter/kept.parquet", settings=kept)
    return out


def table(folder):
    with (folder / "quality.csv").open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def embeddings(paths, keep=None):
    rows = manifest.read(paths, "scores", columns=["id", "label", "embedding"]).to_pylist()
    of_class = [[r["embedding"] for r in rows if r["label"] == k] for k in range(CLASSES)]
    return [unit_features(np.array(one, np.float64)) for one in of_class]


def test_figures_are_those_of_the_stored_embeddings(results, tmp_path):
    quality(results, output=tmp_path, neighbours=3)
    found = table(tmp_path)
    assert list(found) == [*[*found][:CLASSES], "all"]
    made = embeddings(sorted((results / "scores").glob("*.parquet")))
    real = embeddings([tmp_path / "real-scores.parquet"])
    for row, y, x in zip(found.values(), made, real, strict=False):
        assert (row["real"], row["generated"]) == (str(PER_CLASS), str(PER_CLASS))
        distance = kernel_distance(y, x)
        assert float(row["kernel_distance"]) == pytest.approx(distance.value)
        figures = manifold_figures(y, x, neighbours=3)
        assert float(row["precision"]) == pytest.approx(figures.precision)
        assert float(row["coverage"]) == pytest.approx(figures.coverage)
    whole = kernel_distance(np.concatenate(made), np.concatenate(real))
    assert float(found["all"]["kernel_distance"]) == pytest.approx(whole.value)


def test_noise_is_told_from_digits(results, tmp_path):
    quality(results, output=tmp_path)
    rows = list(table(tmp_path).values())[:CLASSES]
    for name in ("kernel_distance", "spectrum", "colour"):
        values = [float(row[name]) for row in rows]
        assert max(values) == values[0]
    assert float(rows[0]["coverage"]) < min(float(row["coverage"]) for row in rows[1:])


def test_page_warns_of_few_images(results, tmp_path):
    quality(results, output=tmp_path)
    text = (tmp_path / "quality.md").read_text()
    assert "Few images: 10 rows of under 50 images, so chance says most" in text
    assert "Network: clip" in text
    assert "<table" in (tmp_path / "quality.html").read_text()
    assert "few images: 12 real, 12 generated" in table(tmp_path)["zero"]["few"]


def test_real_images_are_scored_once(results, tmp_path):
    quality(results, output=tmp_path)
    file = tmp_path / "real-scores.parquet"
    before = file.stat().st_mtime_ns
    first = (tmp_path / "quality.csv").read_bytes()
    quality(results, output=tmp_path)
    assert file.stat().st_mtime_ns == before
    assert (tmp_path / "quality.csv").read_bytes() == first


def test_real_images_are_scored_without_the_classifiers_of_the_generated_ones(results, tmp_path):
    shard, copy = results / "scores/0.parquet", tmp_path / "scores.parquet"
    made = manifest.read_metadata(shard)["provenance"]
    made["settings"]["classifiers"] = ["results/tail/model"]
    manifest.write(copy, "scores", manifest.read(shard, "scores"), made)
    output = score_real(results / "dataset/train.parquet", copy, tmp_path / "real.parquet")
    assert manifest.read(output, "scores")["entropy"].null_count == PER_CLASS * CLASSES


def test_few_of_many_images_are_drawn_by_the_seed(results, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        quality(results, output=tmp_path / name, most=8, seed=seed)
    a, b, c = (table(tmp_path / name) for name in "abc")
    assert a == b != c
    assert a["all"]["real"] == str(8 * CLASSES)


@pytest.mark.slow
def test_features_of_efficientnet(results, tmp_path):
    quality(results, output=tmp_path, network="efficientnet-lite0", most=6)
    rows = list(table(tmp_path).values())[:CLASSES]
    assert not (tmp_path / "real-scores.parquet").exists()
    values = [float(row["kernel_distance"]) for row in rows]
    assert max(values) == values[0]


def test_faults_are_looked_for_in_all_images_and_among_test_images(results, tmp_path):
    """No digit is there twice but those that are put among the test images."""
    other = tmp_path / "other"
    shutil.copytree(results, other)
    train, test = (manifest.read(other / f"dataset/{one}.parquet", "images") for one in SPLITS)
    record = manifest.read_metadata(other / "dataset/test.parquet")["provenance"]
    place = test.schema.get_field_index("image")
    images = [*train["image"].to_pylist()[:20], *test["image"].to_pylist()[20:]]
    field = test.schema.field(place)
    test = test.set_column(place, field, pa.array(images, field.type))
    manifest.write(other / "dataset/test.parquet", "images", test, record)
    quality(other, output=tmp_path / "out", most=3, faults=True)
    text = (tmp_path / "out" / "quality.md").read_text()
    assert f"| Same as a test image | 20 | {train['id'][0]}, " in text
    assert "| Same as another | 0 |" in text
    with (tmp_path / "out" / "faults.csv").open(newline="") as file:
        named = [
            row["id"] for row in csv.DictReader(file) if row["fault"] == "Same as a test image"
        ]
    assert named == train["id"].to_pylist()[:20]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"network": "clipp"}, "--network: 'clipp'; did you mean 'clip'"),
        ({"neighbours": 0}, "--neighbours and --most: expected at least 1"),
        ({"row": "CE"}, "--row and --baseline: one is given alone"),
        ({"imbalance_factor": "10"}, "--imbalance-factor: without --row there are no gains"),
        ({"row": "CE", "baseline": "SAU"}, "the report needs the metrics of at least one run"),
    ],
)
def test_what_is_refused(results, tmp_path, flags, message):
    with pytest.raises(UserError, match=message):
        quality(results, output=tmp_path / "out", **flags)
    assert not (tmp_path / "out").exists()


def test_real_images_of_another_run_are_refused(results, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(results, other)
    made = other / "scores/test.parquet"
    scored = ScoresSettings(scorer="open_clip", model="tiny-clip")
    scores(results / "dataset/test.parquet", made, settings=scored)
    shards = sorted((results / "scores").glob("*.parquet"))
    kept = other / "filter/kept.parquet"
    filter_stage(shards, kept, [made], settings=FilterSettings(leak="report", keep_fraction=1.0))
    fewer = DatasetSettings(source="digits", image_size=16, images_per_class=PER_CLASS - 1)
    dataset(other / "dataset/train.parquet", other / "dataset/test.parquet", settings=fewer)
    with pytest.raises(UserError, match="made from other train images than .*train.parquet"):
        quality(other, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_pictures_are_in_memory_by_batches(results, monkeypatch):
    """Of any size, whatever batches they come in."""
    rows = manifest.read(results / "dataset/train.parquet", "images", columns=["id", "label"])
    found = []
    for size in (1, 7, 1000):
        monkeypatch.setattr(samples, "BATCH", size)
        sample = samples.choose(rows, [results / "dataset/train.parquet"], 5, "real", 0)
        assert max(len(batch.places) for batch in sample.batches((16, 16))) <= size
        found.append(sum_pixels(sample, (16, 16), CLASSES, np.arange(9)))
    assert found[0].spectra == pytest.approx(found[2].spectra)
    for one in found:
        assert np.array_equal(one.colours, found[2].colours)
        assert one.colours[0].sum() == 5 * 16 * 16 * 3
        assert one.colours[-1].sum() == 9 * 16 * 16 * 3


def test_images_of_other_sizes_are_brought_to_one(results):
    rows = manifest.read(results / "dataset/train.parquet", "images", columns=["id", "label"])
    sample = samples.choose(rows, [results / "dataset/train.parquet"], 5, "real", 0)
    sums = sum_pixels(sample, (8, 12), CLASSES, np.arange(9))
    assert (sums.resized, sums.spectra.shape) == (5 * CLASSES, (CLASSES + 1, 4))


def test_images_without_embeddings(results, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(results, other)
    shards = sorted((other / "images").iterdir())
    for shard in shards:
        scores(shard, other / "scores" / shard.name, settings=ScoresSettings(scorer="none"))
    kept = FilterSettings(leak="off", keep_fraction=1.0)
    paths = [other / "scores" / shard.name for shard in shards]
    filter_stage(paths, other / "filter/kept.parquet", settings=kept)
    with pytest.raises(UserError, match="was made without a scorer; set --network efficientnet"):
        quality(other, output=tmp_path / "out")
