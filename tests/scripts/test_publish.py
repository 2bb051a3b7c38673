import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from sau.core.errors import UserError
from sau.pipeline.prompts.settings import PromptsSettings
from sau.storage import manifest
from sau.storage.provenance import provenance
from scripts.publish import main, publish, times, versions
from tests.paths import ROOT


def write_run(folder):
    """Write what is read of a finished run."""
    report, timing = folder / "report", folder / "benchmarks" / "report"
    for each in (report, timing):
        each.mkdir(parents=True)
    for name in ("overview.md", "overview.html", "paper.csv", "so-far.md", "paper-so-far.csv"):
        (report / name).write_text(name)
    for name, seconds in (("overview", 2), ("so-far", 40)):
        (timing / f"{name}.tsv").write_text(f"s\tmax_rss\n{seconds}\t100\n")
    prompts = pa.Table.from_pylist([], manifest.SCHEMAS["prompts"])
    made = provenance("prompts", PromptsSettings(), {})
    manifest.write(folder / "prompts" / "prompts.parquet", "prompts", prompts, made)


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """A folder with the reports of a run, and a config that names it."""
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "out")
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["experiment"]["results"] = "out"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def test_small_files_are_kept_and_what_was_there_so_far_is_not(finished):
    folder = publish(Path("config.yaml"), "mine", "A note.")

    assert {path.name for path in folder.iterdir()} == {"overview.md", "paper.csv", "README.md"}
    assert "A note." in (folder / "README.md").read_text()


def test_time_of_the_overview_so_far_does_not_count(finished):
    assert times(Path("out")) == ["| report | 1 | 2 | 2 | 100 |"]


def test_command_is_the_whole_one_and_its_results_are_taken(finished):
    """As Snakemake does, single keys are changed and the others stay."""
    (finished / "out").rename(finished / "other")
    overrides = ["experiment={results: other, seeds: [1]}", "training={epochs: 1}"]
    folder = publish(Path("config.yaml"), "mine", "", overrides)

    command = "snakemake --cores 2 --config 'experiment={results: other, seeds: [1]}'"
    assert f"Made by `{command} 'training={{epochs: 1}}'` on" in (folder / "README.md").read_text()
    assert "\n- sau: " in (folder / "README.md").read_text()


def test_run_whose_manifests_are_gone_is_not_published(finished):
    published = publish(Path("config.yaml"), "mine", "")
    (finished / "out" / "prompts" / "prompts.parquet").unlink()
    with pytest.raises(UserError, match="out: no manifest there says"):
        publish(Path("config.yaml"), "mine", "")
    assert (published / "README.md").exists()


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("report", "out/report: no finished report there; run it first"),
        ("benchmarks", "out/benchmarks: nothing there says how long the jobs took; run it first"),
        ("prompts", "out: no manifest there says what the run was made with; run it first"),
    ],
)
def test_run_that_lacks_something_is_one_line_and_what_was_published_stays(
    gone, message, finished, monkeypatch, capsys
):
    published = publish(Path("config.yaml"), "mine", "")
    before = {path.name: path.read_bytes() for path in published.iterdir()}
    shutil.rmtree(finished / "out" / gone)
    monkeypatch.setattr("scripts.publish.planned_jobs", lambda words: [])  # made by hand
    monkeypatch.setattr(sys, "argv", ["publish", "config.yaml", "mine"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err == f"publish: error: {message}\n"
    assert {path.name: path.read_bytes() for path in published.iterdir()} == before


def test_run_of_which_jobs_are_to_do_is_not_published(finished, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["publish", "config.yaml", "mine"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("publish: error: with this config jobs are to do (dataset 1, ")
    assert ", the first one as Missing output files: " in told
    assert told.count("\n") == 1
    assert not (finished / "results" / "published").exists()


def test_state_of_the_report_so_far_is_not_published(finished):
    for path in (finished / "out" / "report").iterdir():
        if "so-far" not in path.name:
            path.unlink()
    with pytest.raises(UserError, match="out/report: no finished report there"):
        publish(Path("config.yaml"), "mine", "")


def test_results_published_before_are_replaced_as_a_whole(finished):
    folder = publish(Path("config.yaml"), "mine", "")
    (folder / "former.csv").write_text("former")
    publish(Path("config.yaml"), "mine", "")
    assert {path.name for path in folder.iterdir()} == {"overview.md", "paper.csv", "README.md"}


def test_versions_of_a_library_are_all_listed(finished):
    """Manifests that are left of a killed job, its batches, have no versions."""
    made = provenance("images", PromptsSettings(), {})
    images = pa.Table.from_pylist([], manifest.SCHEMAS["images"])
    for name, version in (("b", "2.0"), ("a", "3.0"), ("c", "2.0")):
        record = made | {"versions": {"numpy": version}}
        manifest.write(finished / "out" / "images" / f"{name}.parquet", "images", images, record)
    left = finished / "out" / "images" / "a.batches" / "batch-0.parquet"
    manifest.write(left, "images", images, {"identity": "x"})
    shutil.rmtree(finished / "out" / "prompts")
    lines = versions(Path("out"))
    assert "- numpy: 2.0, 3.0" in lines
    assert f"- sau: {made['code']['sau']}" in lines


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_folder_of_another_is_not_written(finished, name):
    (finished / "results" / "published" / "other").mkdir(parents=True)
    with pytest.raises(UserError, match="expected the name of a folder"):
        publish(Path("config.yaml"), name, "")
    assert [path.name for path in (finished / "results" / "published").iterdir()] == ["other"]


def test_overrides_are_read_as_snakemake_reads_them(finished):
    """There every value is a text."""
    overrides = ["images={steps: 30}", "dataset={name: 2024}"]
    folder = publish(Path("config.yaml"), "mine", "", overrides)
    assert "'images={steps: 30}' 'dataset={name: 2024}'" in (folder / "README.md").read_text()


@pytest.mark.parametrize("override", ["training={epochs: [}", "training"])
def test_bad_override_is_one_line(finished, override):
    with pytest.raises(UserError, match=r"--config training.*: expected KEY=VALUE"):
        publish(Path("config.yaml"), "mine", "", [override])


def test_path_of_one_machine_is_not_published(finished):
    report = finished / "out" / "report" / "imbalance-100.md"
    report.write_text('### images\n\n    folder: "data/made"\n')
    publish(Path("config.yaml"), "mine", "")
    report.write_text('### images\n\n    folder: "/home/me/made"\n')
    with pytest.raises(UserError, match=r"imbalance-100\.md: names /home/me/made, which is there"):
        publish(Path("config.yaml"), "mine", "")
