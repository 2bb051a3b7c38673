"""The influence stage on a small run of the stages before it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.engine.influence import balanced_weights, influence, loss_gradient
from sau.networks import Network
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.stage import filter as filter_stage
from sau.pipeline.gallery.settings import GallerySettings
from sau.pipeline.gallery.stage import gallery
from sau.pipeline.influence.pictures import pictures_of
from sau.pipeline.influence.settings import InfluenceSettings
from sau.pipeline.influence.stage import influence as influence_stage
from sau.sources.decode import bytes_of
from sau.storage import manifest
from tests.pipeline.small_run import Run, write_images


class Asked(Run):
    """A run whose networks of three epochs are kept."""

    output: Path

    def ask(self, **changes: Any) -> pa.Table:
        inputs = {
            "models": [self.run / "model"],
            "validation": self.tail / "validation.parquet",
            "train_images": self.train,
            "images": self.shards,
            "settings": InfluenceSettings(row="ce", batch_size=7),
        }
        self.output = self.root / "influence" / "influence.parquet"
        influence_stage(**{**inputs, **changes}, output=self.output)
        return manifest.read(self.output, "influence")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("influence")
    write_images(folder / "source", 0)
    made = Asked(folder / "results", folder / "source")
    for name in ("dataset", "images", "scores", "filter", "subset", "complement"):
        made.stages()[name]()
    made.make_training(epochs=3, snapshot_every=1)
    return made


def test_run_keeps_a_network_of_each_earlier_epoch(run: Asked) -> None:
    model = run.run / "model"
    folders = sorted(path.name for path in model.glob("epoch-*"))
    assert folders == ["epoch-1", "epoch-2"]
    weights = [
        Network.from_pretrained(path).classifier.weight
        for path in (model / "epoch-1", model / "epoch-2", model)
    ]
    assert not weights[0].equal(weights[1])
    assert not weights[1].equal(weights[2])
    assert json.loads((model / "epoch-2" / "config.json").read_text())["epoch"] == 2


def test_figures_are_means_over_networks_whatever_the_batch(run: Asked) -> None:
    table = run.ask().to_pandas().set_index("id")
    assert len(table) == 40
    held_out = manifest.read(run.tail / "validation.parquet", "members")["id"].to_pylist()
    (real,) = pictures_of([run.train], (8, 8), 100, held_out)
    (made,) = pictures_of(run.shards[:1], (8, 8), 100)
    figures = []
    for folder in ("epoch-1", "epoch-2", "."):
        model = TrainedModel.load(run.run / "model" / folder, "MODEL")
        network, views = model.network, model.preprocessing.views()
        batch = (real.images, real.labels, balanced_weights(real.labels))
        gradient = loss_gradient(network, [batch], views)
        figures.append(influence(network, made.images, made.labels, gradient, views))
    expected = torch.stack(figures).mean(dim=0).tolist()
    assert table.loc[made.ids, "influence"].tolist() == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert table.loc[made.ids, "label"].tolist() == made.labels.tolist()


def test_images_are_read_once_for_all_networks(run: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes | None] = []

    def counted(content: bytes | None, path: Path | None) -> Any:
        read.append(content)
        return bytes_of(content, path)

    monkeypatch.setattr("sau.pipeline.influence.pictures.bytes_of", counted)
    assert len(run.ask()) == 40
    held_out = manifest.read(run.tail / "validation.parquet", "members")["id"]
    assert len(read) == 40 + len(held_out)


def test_networks_of_different_sizes_are_refused(run: Asked, tmp_path: Path) -> None:
    model = shutil.copytree(run.run / "model", tmp_path / "model")
    found = TrainedModel.load(model, "MODEL")
    facts = {
        "class_names": found.class_names,
        "preprocessing": {**found.preprocessing.to_mapping(), "size": [16, 16]},
        "provenance": found.provenance,
    }
    found.network.save_pretrained(model, **facts)
    with pytest.raises(UserError, match="images of 8 x 8 and 16 x 16 pixels"):
        run.ask(models=[run.run / "model", model])


def test_second_run_gives_the_same_bytes(run: Asked) -> None:
    run.ask()
    before = run.output.read_bytes()
    run.ask()
    assert run.output.read_bytes() == before
    assert len(manifest.read_metadata(run.output)["provenance"]["networks"]) == 3


def test_gallery_shows_it_of_kept_and_rejected_images(run: Asked) -> None:
    table = run.ask().to_pydict()
    html = run.root / "gallery.html"
    gallery(
        run.train,
        run.shards,
        run.scores,
        html,
        kept=run.kept,
        influence=run.output,
        settings=GallerySettings(),
    )
    page = html.read_text()
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    shown = {image["id"]: image.get("influence") for image in data["images"]}
    for name, figure in zip(table["id"], table["influence"], strict=True):
        assert shown[name] == pytest.approx(figure, rel=1e-6)
    assert data["histograms"]["influence"]["kept"]["counts"]
    assert data["measures"]["influence"].startswith("influence: ")


def test_filter_keeps_what_helps_most(run: Asked) -> None:
    figures = run.ask().to_pandas()
    kept = run.root / "helpful.parquet"
    settings = FilterSettings(
        leak="off", keep_fraction=1, influence=str(run.output), helpful_fraction=0.25
    )
    filter_stage(run.scores, kept, train_images=run.train, settings=settings)
    chosen = manifest.read(kept, "kept").to_pandas().query("kept")["id"]
    best = figures.sort_values("influence").groupby("label").tail(5)["id"]
    assert set(chosen) == set(best)


def test_validation_images_that_a_network_has_not_held_out_are_refused(run: Asked) -> None:
    table = manifest.read(run.tail / "validation.parquet", "members")
    made = manifest.read_metadata(run.tail / "validation.parquet")["provenance"]
    other = run.root / "other.parquet"
    manifest.write(other, "members", table.slice(1), made)
    with pytest.raises(UserError, match="held other images out, or none"):
        run.ask(validation=other)
    manifest.write(other, "members", table.slice(0, 0), made)
    with pytest.raises(UserError, match="no validation images, or no networks"):
        run.ask(validation=other)


def test_network_of_other_images_is_refused(run: Asked, tmp_path: Path) -> None:
    model = shutil.copytree(run.run / "model", tmp_path / "model")
    found = TrainedModel.load(model, "MODEL")
    made = {"inputs": {**found.provenance["inputs"], "train_images": ["0" * 64]}}
    facts = {
        "class_names": found.class_names,
        "preprocessing": found.preprocessing.to_mapping(),
        "provenance": made,
    }
    found.network.save_pretrained(model, **facts)
    with pytest.raises(UserError, match="--models: .*trained on other images"):
        run.ask(models=[model])
