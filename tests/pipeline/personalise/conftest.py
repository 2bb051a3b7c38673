"""Two classes of real images, their tail, and a tiny model to teach them to."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from sau.assets.shipped import model_folder
from sau.core.random_streams import numpy_generator
from sau.pipeline.personalise.glide import load_glide
from sau.pipeline.personalise.latent_diffusion import load_latent_diffusion
from sau.pipeline.personalise.model import Model
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalise.stage import personalise
from sau.pipeline.prompts.settings import PromptsSettings
from sau.pipeline.prompts.stage import prompts
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import subset
from sau.sources.decode import encode_png
from sau.storage import manifest
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline

CPU = torch.device("cpu")

NAMES = ["zero", "one"]


METHODS = ("textual-inversion", "lora")

SOURCES = ("diffusers", "glide")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A tiny pipeline of each source."""
    folder = tmp_path_factory.mktemp("diffusers") / "model"
    return {"diffusers": save_tiny_pipeline(folder), "glide": "tiny-glide"}


def load(models: dict[str, str], source: str) -> Model:
    """Return a model that learns."""
    if source == "glide":
        return load_glide(model_folder(models[source], "model"), CPU, "model")
    return load_latent_diffusion(Path(models[source]), CPU, "model")


class Inputs:
    """A folder with real images and their tail; the stage's runs on them."""

    def __init__(self, folder: Path, models: dict[str, str]) -> None:
        self.folder, self.models, self.names = folder, models, NAMES
        self.train, self.prompts = folder / "train.parquet", folder / "prompts.parquet"
        self.write_images()
        self.write_prompts()

    def write_prompts(self, **settings: Any) -> None:
        """Write two prompts of each class."""
        wanted = {"per_class": 2, "templates": ["a {name}."], **settings}
        prompts(self.train, self.prompts, settings=PromptsSettings(**wanted))

    def write_images(self, changed: str = "") -> None:
        """Write six images of noise of each class; one may be another than before."""
        rows = []
        for label in range(len(self.names)):
            for number in range(6):
                name = f"train/{label}/{number}"
                noise = numpy_generator(name, name == changed).integers(0, 256, (20, 16, 3))
                data = encode_png(Image.fromarray(noise.astype(np.uint8)))
                row = {"id": name, "label": label, "width": 16, "height": 20, "status": "ok"}
                rows.append(row | {"image": {"bytes": data, "path": None}})
        table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
        facts = {"class_names": self.names, "dataset": "noise", "split": "training"}
        manifest.write(self.train, "images", table, facts)

    def tail(self, held: bool = False, **settings: Any) -> list[Path]:
        """Cut the tail, and return the list of its training members, or of what it holds out."""
        lists = [self.folder / "real.parquet", self.folder / "validation.parquet"]
        subset(
            self.train,
            *lists,
            imbalance_factor="2",
            data_seed=0,
            settings=SubsetSettings(**settings),
        )
        return [lists[held]]

    def learn(
        self,
        method: str,
        shard: int = 0,
        name: str = "shard",
        source: Literal["glide", "diffusers"] = "diffusers",
        **settings: Any,
    ) -> Path:
        """Run the stage for a shard, and return its folder; runs of other names know nothing."""
        output = self.folder / name / f"shard-{shard}"
        wanted = {"method": method, "steps": 5, "batch_size": 2, "template": "a {name}."}
        personalise(
            self.train,
            self.tail(),
            self.prompts,
            output,
            shard=shard,
            source=source,
            model=self.models[source],
            settings=PersonaliseSettings(**{**wanted, **settings}),
        )
        return output


@pytest.fixture
def inputs(tmp_path: Path, models: dict[str, str]) -> Inputs:
    """Six images of each of two classes."""
    return Inputs(tmp_path, dict(models))
