from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from sau import manifest
from sau.errors import UserError
from sau.prompts.settings import PromptsSettings
from sau.provenance import provenance
from scripts.publish import publish, times

ROOT = Path(__file__).parents[1]


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """A folder with the reports of a run, and a config that names it."""
    monkeypatch.chdir(tmp_path)
    report, timing = tmp_path / "out" / "report", tmp_path / "out" / "benchmarks" / "report"
    for folder in (report, timing):
        folder.mkdir(parents=True)
    for name in ("overview.md", "overview.html", "paper.csv", "so-far.md", "paper-so-far.csv"):
        (report / name).write_text(name)
    for name, seconds in (("overview", 2), ("so-far", 40)):
        (timing / f"{name}.tsv").write_text(f"s\tmax_rss\n{seconds}\t100\n")
    prompts = pa.Table.from_pylist([], manifest.SCHEMAS["prompts"])
    made = provenance("prompts", PromptsSettings(), {})
    manifest.write(tmp_path / "out" / "prompts" / "prompts.parquet", "prompts", prompts, made)
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["experiment"]["results"] = "out"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def test_small_files_are_kept_and_what_was_there_so_far_is_not(finished):
    folder = publish(Path("config.yaml"), "mine", "A note.")

    assert {path.name for path in folder.iterdir()} == {"overview.md", "paper.csv", "README.md"}
    assert "A note." in (folder / "README.md").read_text()


def test_the_time_of_the_overview_so_far_does_not_count(finished):
    assert times(Path("out")) == ["| report | 1 | 2 | 2 | 100 |"]


def test_the_command_is_the_whole_one_and_its_results_are_taken(finished):
    """As Snakemake does, single keys are changed and the others stay."""
    (finished / "out").rename(finished / "other")
    overrides = ["experiment={results: other, seeds: [1]}", "training={epochs: 1}"]
    folder = publish(Path("config.yaml"), "mine", "", overrides)

    command = "snakemake --cores 2 --config 'experiment={results: other, seeds: [1]}'"
    assert f"Made by `{command} 'training={{epochs: 1}}'` on" in (folder / "README.md").read_text()
    assert "\n- sau " in (folder / "README.md").read_text()


def test_a_run_whose_manifests_are_gone_is_not_published(finished):
    published = publish(Path("config.yaml"), "mine", "")
    (finished / "out" / "prompts" / "prompts.parquet").unlink()
    with pytest.raises(UserError, match="out: no manifest there says"):
        publish(Path("config.yaml"), "mine", "")
    assert (published / "README.md").exists()
