"""Which jobs the workflow has, and which it would run, as the tools ask Snakemake."""

import os
import sys

import pytest

from sau.core.errors import UserError
from sau.run.planned import planned_jobs
from sau.tools.status.command import status
from tests.forked_jobs import job_python


@pytest.mark.slow
def test_finished_run_has_jobs_and_none_to_do(finished, monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", os.fspath(job_python()))
    monkeypatch.chdir(finished.folder)
    finished.command()  # writes the config
    words = ["--config", finished.config_path]
    jobs = planned_jobs(words, all_of_them=True)
    assert {"dataset", "images", "training", "evaluation", "report"} <= {job.rule for job in jobs}
    assert all(path.exists() for job in jobs for path in job.outputs)
    assert planned_jobs(words) == []
    status(config=[finished.config_path])
    out = capsys.readouterr().out
    assert "no run is at work" in out
    assert "to do" not in out
    with pytest.raises(UserError, match="did you mean 'seeds'"):
        planned_jobs([*words, "experiment={sedes: [1]}"])
