"""`sau status` while the workflow goes on."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from sau.run.planned import Job
from sau.tools.status import command


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """The one job of a workflow whose results folder is the test's."""
    monkeypatch.chdir(tmp_path)
    found = SimpleNamespace(experiment=SimpleNamespace(results="results"))
    monkeypatch.setattr(command, "configured", lambda named: found)
    return Job("subset", (tmp_path / "real.parquet",), tmp_path / "logs/subset.log", {}, "", 1)


def test_job_that_ends_while_it_is_asked_about_is_not_to_run_again(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[bool] = []

    def plan(words: list[str], *, all_of_them: bool = False) -> list[Job]:
        """The first plan takes so long that the job has ended when it is there."""
        is_first = not calls
        calls.append(all_of_them)
        planned = [job] if all_of_them or not job.outputs[0].exists() else []
        if is_first:
            job.outputs[0].touch()
        return planned

    monkeypatch.setattr(command, "planned_jobs", plan)
    command.status()
    assert len(calls) == 2
    assert "  subset      done (1 in all)" in capsys.readouterr().out
