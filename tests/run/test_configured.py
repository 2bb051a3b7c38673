"""The config of a command line, without Snakemake."""

import pytest

from sau.core.errors import UserError
from sau.run.configured import config_words, configured


def test_config_is_the_default_with_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert configured([]).experiment.seeds == [0, 1, 2, 3, 4]
    changed = configured(["experiment={seeds: [4], results: out}"])
    assert (changed.experiment.seeds, changed.experiment.results) == ([4], "out")
    assert changed.experiment.imbalance_factors == [10, 100]
    assert config_words(["a.yaml", "x=1"]) == ["--config", "a.yaml", "x=1"]
    assert config_words([]) == []


def test_files_are_laid_over_each_other_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(
        "experiment: {seeds: [1], results: a}\ndataset: {source: digits}\n"
        "training: {runs: {ce: {method: cross_entropy, data: real}}}\n"
    )
    (tmp_path / "b.yaml").write_text("experiment: {results: b}\n")
    config = configured(["a.yaml", "b.yaml"])
    assert (config.experiment.seeds, config.experiment.results) == ([1], "b")


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (["nowhere.yaml"], "no file of that name"),
        (["experiment={seeds: [}"], "not a value; expected KEY=VALUE"),
        (["experiment={sedes: [1]}"], "did you mean 'seeds'"),
    ],
)
def test_config_that_cannot_be_is_one_line(tmp_path, monkeypatch, named, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        configured(named)
