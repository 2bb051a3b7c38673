"""The graph of guided images: they wait for the members of every tail, and for nothing else."""

import pytest

from sau.storage import manifest
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline
from tests.workflow.project import make_project

SHARD = "results/images/shard-0.parquet"

pytestmark = pytest.mark.slow


def test_guided_images_alone_wait_for_the_members_of_each_tail(tmp_path):
    project = make_project(tmp_path / "project")
    project.config["experiment"] |= {"imbalance_factors": [2, 10], "data_seeds": [0, 1]}
    from_noise = {"dataset": 1, "prompts": 1, "images": 1}
    assert project.planned("--", SHARD) == from_noise
    assert project.planned("--", SHARD, images__guide="real") == from_noise | {"subset": 4}
    project.config["experiment"] |= {"imbalance_factors": [2, 4], "data_seeds": [0]}
    project.config["subset"] |= {"validation_fraction": 0.2}
    ran = project.run("--", SHARD, images__guide="real")
    assert ran.returncode == 0, ran.stderr[-3000:]
    places = [project.folder / f"results/subset/imbalance-{n}/data-seed-0" for n in (2, 4)]
    tails = [manifest.read(place / "real.parquet", "members") for place in places]
    rows = manifest.read(project.folder / SHARD, "images", columns=["guide"])
    common = set.intersection(*(set(tail["id"].to_pylist()) for tail in tails))
    assert set(rows["guide"].to_pylist()) <= common
    assert common


def test_classes_are_learned_before_they_are_drawn(tmp_path):
    project = make_project(tmp_path / "project")
    project.config["experiment"] |= {"imbalance_factors": [2, 4]}
    project.config["prompts"] |= {"templates": ["a {name}."], "per_class": 2}
    project.config["images"] = {"source": "diffusers", "steps": "2", "shards": 2}
    project.config["images"]["model"] = save_tiny_pipeline(tmp_path / "model")
    without = {"dataset": 1, "prompts": 1, "images": 1}
    project.config["complement"] = {"on_shortage": "underfill"}
    assert project.planned("--", SHARD) == without
    learned = {"method": "textual-inversion", "template": "a {name}.", "steps": 1, "shards": 2}
    project.config["personalise"] = learned
    ran = project.run("--", SHARD)
    assert ran.returncode == 0, ran.stderr[-3000:]
    files = (project.folder / "results/personalise").glob("shard-*/*.safetensors")
    assert len(list(files)) == 10
    made = manifest.read_metadata(project.folder / SHARD)["provenance"]
    assert all("embedding_sha256" in one for one in made["generators"])
    assert project.planned("--", SHARD) == {}
    again = project.planned("--", SHARD, personalise__steps=2)
    assert again == {"personalise": 2, "images": 1}


def test_glide_learns_weights_for_all_classes_once(tmp_path):
    project = make_project(tmp_path / "project")
    project.config["experiment"] |= {"imbalance_factors": [2, 4]}
    project.config["prompts"] |= {"per_class": 2}
    project.config["complement"] = {"on_shortage": "underfill"}
    project.config["personalise"] = {"method": "lora", "lora_for": "all-classes", "steps": 1}
    ran = project.run("--", SHARD)
    assert ran.returncode == 0, ran.stderr[-3000:]
    (file,) = (project.folder / "results/personalise").glob("shard-*/*.safetensors")
    assert file.name == "all classes.safetensors"
    made = manifest.read_metadata(project.folder / SHARD)["provenance"]
    assert len({one["lora_sha256"] for one in made["generators"]}) == 1
    again = project.planned("--", SHARD, personalise__sampling="class-balanced")
    assert again == {"personalise": 1, "images": 1}
