"""What was learned of each class, in use: drawn with, and refused if it is of another run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.stage import images
from sau.pipeline.personalised import learned_of, refuse_learned_elsewhere
from sau.storage import manifest
from tests.pipeline.images.conftest import Inputs as Prompts
from tests.pipeline.images.conftest import pixels
from tests.pipeline.personalise.conftest import METHODS, SOURCES, Inputs


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("method", METHODS)
def test_classes_are_drawn_with_what_was_learned(
    inputs: Inputs, tmp_path: Path, method: str, source: Any
) -> None:
    folder = inputs.learn(method, source=source, learning_rate=0.1)
    prompts = Prompts(tmp_path / "drawn", ["zero", "one"])
    prompts.write_prompts(4, "a {name}.")
    key = {"textual-inversion": "embedding", "lora": "lora"}[method]
    settings = {"source": source, "model": inputs.models[source]}

    def draw(name: str, folders: list[Path]) -> Any:
        output = tmp_path / "drawn" / f"{name}-0.parquet"
        images(
            inputs.train,
            output,
            shard=0,
            prompts=prompts.folder / "prompts.parquet",
            personalised=folders,
            settings=ImagesSettings(steps="3", shards=1, **settings),
        )
        return pixels(output)

    learned = draw("learned", [folder])
    assert not np.array_equal(learned, draw("plain", []))
    assert np.array_equal(
        learned, pixels(prompts.run(0, "files", **settings, **{key: str(folder)}))
    )
    for name in ("learned", "files"):
        made = manifest.read_metadata(tmp_path / "drawn" / f"{name}-0.parquet")["provenance"]
        assert all(f"{key}_sha256" in one for one in made["generators"])
        assert all(one["learned_files"] == [key] for one in made["generators"])


def test_weights_of_all_classes_draw_each_of_them(inputs: Inputs) -> None:
    folder = inputs.learn("lora", source="glide", lora_for="all-classes")
    (file,) = folder.glob("*.safetensors")
    assert file.name == "all classes.safetensors"
    learned = learned_of([folder])
    assert set(learned) == {"zero", "one"}
    assert {one.path for one in learned.values()} == {file}


def test_folders_that_are_not_as_they_were_written_are_refused(inputs: Inputs) -> None:
    folder = inputs.learn("textual-inversion")
    assert {one.key for one in learned_of([folder]).values()} == {"embedding"}
    file = folder / "one.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    with pytest.raises(UserError, match="one.safetensors: not as it was written; run the personal"):
        learned_of([folder])
    (folder / "record.json").write_text("{}")
    with pytest.raises(UserError, match="no folder of the personalise stage as it was written"):
        learned_of([folder])


def test_folder_of_another_run_is_refused(inputs: Inputs) -> None:
    folder = inputs.learn("textual-inversion")
    refuse_learned_elsewhere([folder], inputs.train)
    moved = folder.rename(folder.with_name("shard-1"))
    with pytest.raises(UserError, match="lies where shard 1 belongs, but was made for 0"):
        refuse_learned_elsewhere([moved], inputs.train)
    moved.rename(folder)
    inputs.write_images(changed="train/0/1")
    with pytest.raises(UserError, match="learned from other images than those of .*train.parquet"):
        refuse_learned_elsewhere([folder], inputs.train)
    with pytest.raises(UserError, match="learned from other images than those of .*train.parquet"):
        images(
            inputs.train,
            inputs.folder / "shard-0.parquet",
            shard=0,
            prompts=inputs.prompts,
            personalised=[folder],
            settings=ImagesSettings(source="diffusers", model=inputs.models["diffusers"], shards=1),
        )
