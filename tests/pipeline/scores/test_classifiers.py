"""Networks trained on the tail beside CLIP: their columns, and whose word is refused."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.engine.prediction import probabilities
from sau.networks import Network, NetworkConfig
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stage import scores
from sau.pipeline.scores.verdict import verdict
from sau.sources.decode import encode_png
from sau.storage import manifest
from sau.storage.manifest.schemas import CLASSIFIED
from tests.pipeline.scores.conftest import NAMES, picture, row, write_images

PREPROCESSING = {
    "size": [12, 12],
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.2, 0.2],
    "view_set": "cifar",
    "crop_size": None,
    "test_views": "flip",
    "precision": "float32",
}


class Tail:
    """A shard, the real training images, and networks that say they were trained on them."""

    def __init__(self, folder: Path, images: Path) -> None:
        self.folder, self.images = folder, images
        self.train = folder / "train.parquet"
        rows = [row(f"real/{i}", i, encode_png(picture(9 + i, 12, 12))) for i in range(3)]
        table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
        facts = {"class_names": NAMES, "split": "training"}
        self.digest = manifest.write(self.train, "images", table, facts)

    def network(self, seed: int, names: list[str] = NAMES, **made: Any) -> str:
        torch.manual_seed(seed)
        folder = self.folder / f"network-{seed}"
        made = made or {"inputs": {"train_images": [self.digest]}}
        facts = {"class_names": names, "preprocessing": PREPROCESSING, "provenance": made}
        network = Network(NetworkConfig("resnet8", 4, 3))
        torch.nn.init.normal_(network.classifier.weight, std=3)  # else it is sure of nothing
        network.save_pretrained(folder, **facts)
        return str(folder)

    def score(self, *networks: str, images: Path | None = None, **settings: Any) -> pa.Table:
        output = self.folder / "scores.parquet"
        made = ScoresSettings(classifiers=list(networks), **{"scorer": "none", **settings})
        scores(images or self.images, output, train_images=self.train, settings=made)
        return manifest.read(output, "scores")


@pytest.fixture
def tail(tmp_path: Path, images: Path) -> Tail:
    return Tail(tmp_path, images)


def test_verdict_is_that_of_the_formulas() -> None:
    shares = torch.tensor([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    found = verdict(shares, torch.tensor([0.5, 1.0, 0.0]), torch.tensor([1, 0, 0]))
    entropies = [-sum(p * math.log(p) for p in row if p) for row in shares.tolist()]
    assert found["entropy"].tolist() == pytest.approx(entropies)
    assert found["agreement"].tolist() == [0.5, 1.0, 0.0]
    least = math.log(float(torch.finfo(torch.float32).tiny))
    assert found["loss"].tolist() == pytest.approx([math.log(4), 0.0, -least])


def test_columns_are_those_of_each_image_alone(tail: Tail) -> None:
    names = [tail.network(seed) for seed in range(3)]
    table = tail.score(*names).to_pandas().set_index("id")
    networks = [TrainedModel.load(Path(name), "MODEL") for name in names]
    pixels = {"b": picture(1, 12, 12)}
    for name, image in pixels.items():
        levels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
        options = networks[0].preprocessing.views()
        shares = torch.cat([probabilities(n.network, levels, options, "flip") for n in networks])
        label = int(table.loc[name, "label"])
        mean = shares.mean(dim=0).detach()
        expected = {
            "entropy": float(-(mean * mean.log()).sum()),
            "agreement": float((shares.argmax(dim=1) == label).float().mean()),
            "loss": -math.log(float(mean[label])),
        }
        assert table.loc[name, list(CLASSIFIED)].to_dict() == pytest.approx(expected, abs=1e-5)
    assert table.loc["c", list(CLASSIFIED)].isna().all()  # failed before
    assert table.drop("c")[list(CLASSIFIED)].notna().all(axis=None)
    made = manifest.read_metadata(tail.folder / "scores.parquet")["provenance"]
    assert made["classifiers"] == [network.weights_sha256 for network in networks]
    assert {"torch", "torchvision"} <= made["versions"].keys()


def test_clips_figures_stay_what_they_are(tail: Tail) -> None:
    templates = ["The {name}."]
    alone = tail.score(scorer="open_clip", class_templates=templates)
    both = tail.score(tail.network(0), scorer="open_clip", class_templates=templates)
    assert both.drop(list(CLASSIFIED)).equals(alone.drop(list(CLASSIFIED)))
    assert alone["loss"].null_count == len(alone)
    assert both["loss"].null_count == 1
    assert set(both["agreement"].to_pylist()) <= {0.0, 1.0, None}


def test_image_that_does_not_decode_has_no_verdict(tail: Tail) -> None:
    good = encode_png(picture(0, 12, 12))
    rows = [row("a", 0, good[:-40]), row("b", 1, good)]
    table = tail.score(
        tail.network(0), images=write_images(tail.folder / "damaged.parquet", rows)
    ).to_pylist()
    assert [one["status"] for one in table] == ["failed", "unscored"]
    assert table[0]["loss"] is None
    assert table[1]["loss"] > 0


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"stage": "training"}, "nothing says which images it was trained on"),
        ({"inputs": {"train_images": ["0" * 64]}}, "trained on other images than those of"),
        ({"start_from": {"weights_sha256": "0"}}, "began with another trained network"),
    ],
)
def test_network_that_may_know_the_test_images_is_refused(
    tail: Tail, made: dict[str, Any], message: str
) -> None:
    if "start_from" in made:
        made = {"inputs": {"train_images": [tail.digest]}, **made}
    with pytest.raises(UserError, match=message) as raised:
        tail.score(tail.network(0, **made))
    assert str(raised.value).startswith("scores.classifiers: ")
    assert not (tail.folder / "scores.parquet").exists()


def test_network_of_other_classes_is_refused(tail: Tail) -> None:
    with pytest.raises(UserError, match="its classes are others, or in another order"):
        tail.score(tail.network(0, names=NAMES[::-1]))


def test_test_images_are_never_classified(tail: Tail) -> None:
    table = manifest.read(tail.images, "images")
    path = tail.folder / "test.parquet"
    manifest.write(path, "images", table, {"class_names": NAMES, "split": "test"})
    with pytest.raises(UserError, match="holds the test images"):
        tail.score(tail.network(0), images=path)


def test_real_images_that_a_network_is_checked_by_are_needed_and_no_test_images(
    tail: Tail,
) -> None:
    settings = ScoresSettings(scorer="none", classifiers=[tail.network(0)])
    with pytest.raises(UserError, match="--train-images: missing, but scores.classifiers"):
        scores(tail.images, tail.folder / "scores.parquet", settings=settings)
    table = manifest.read(tail.train, "images")
    manifest.write(tail.train, "images", table, {"class_names": NAMES, "split": "test"})
    with pytest.raises(UserError, match="holds the test images, expected the training images"):
        tail.score(tail.network(1))


@pytest.mark.parametrize("held_out", [True, False])
def test_network_that_may_know_the_validation_images_is_warned_of(
    tail: Tail, held_out: bool, caplog: pytest.LogCaptureFixture
) -> None:
    path = tail.folder / "validation.parquet"
    rows = pa.Table.from_pylist([], schema=manifest.SCHEMAS["members"])
    digest = manifest.write(path, "members", rows, {"class_names": NAMES})
    own = [digest] if held_out else ["0" * 64]
    network = tail.network(0, inputs={"train_images": [tail.digest], "validation": own})
    settings = ScoresSettings(scorer="none", classifiers=[network])
    output = tail.folder / "scores.parquet"
    with caplog.at_level("WARNING"):
        scores(
            tail.images,
            output,
            train_images=tail.train,
            validation=[path],
            settings=settings,
        )
    assert ("may have been trained on some" in caplog.text) is not held_out


def test_folder_that_is_named_twice_is_refused() -> None:
    with pytest.raises(UserError, match="names a folder twice"):
        ScoresSettings(classifiers=["a", "a"])
