import pyarrow as pa
import pytest

from sau import manifest
from sau.prompts.settings import PromptsSettings
from sau.prompts.stage import prompts
from sau.prompts.templates import choose, fill


@pytest.fixture
def train_images(tmp_path):
    path = tmp_path / "train.parquet"
    empty = pa.Table.from_pylist([], schema=manifest.SCHEMAS["images"])
    manifest.write(path, "images", empty, {"class_names": ["aquarium_fish", "bee", "owl"]})
    return path


def test_names_are_cleaned_and_have_their_article():
    assert fill("A photo of {article} {name}.", "aquarium_fish") == "A photo of an aquarium fish."
    assert fill("{name}", " bee ") == "bee"


def test_each_class_gets_its_prompts(train_images, tmp_path):
    output = tmp_path / "prompts.parquet"
    settings = PromptsSettings(per_class=3, templates=["one {name}", "two {name}"])
    prompts(train_images, output, settings=settings)
    table = manifest.read(output, "prompts").to_pandas()
    assert table["prompt"].tolist()[:3] == [
        "one aquarium fish",
        "two aquarium fish",
        "one aquarium fish",
    ]
    assert table["label"].value_counts().to_dict() == {0: 3, 1: 3, 2: 3}
    assert table["id"].iloc[4] == "0001/000001"


def test_drawn_templates_follow_the_seed_and_not_the_other_classes():
    templates = [f"{i} {{name}}" for i in range(50)]
    first = choose(templates, 20, "sample", seed=1, label=3)
    assert first == choose(templates, 20, "sample", seed=1, label=3)
    assert first[:5] == choose(templates, 5, "sample", seed=1, label=3)
    assert first != choose(templates, 20, "sample", seed=2, label=3)
    assert first != choose(templates, 20, "sample", seed=1, label=4)
