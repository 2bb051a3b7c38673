"""The cluster profile on a real SLURM of one node."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_jobs import job_python
from tests.workflow import impatient
from tests.workflow.one_node import PROGRAMS, find_programs, one_node
from tests.workflow.project import Project, make_project, results_of, wait_for_line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        set(find_programs()) != set(PROGRAMS),
        reason="no SLURM: install slurmctld, slurmd, slurm-client and munge",
    ),
]

PLACE = "ce/imbalance-10/data-seed-0/seed-0"
METRICS = f"results/evaluation/{PLACE}/metrics.parquet"
IMPATIENT = Path(impatient.__file__)
PROFILE = ("--profile", "profiles/slurm")
# Here is no accounting database to ask.
QUICK = {
    "--slurm-status-command": "squeue",
    "--slurm-init-seconds-before-status-checks": "1",
    "--latency-wait": "5",
}


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """The environment of a SLURM of two cores."""
    with (
        tempfile.TemporaryDirectory(prefix="slurm") as folder,
        one_node(Path(folder) / "slurm", cpus=2, memory=64_000) as environment,
    ):
        yield environment


def submit(
    project: Project,
    environment: dict[str, str],
    *flags: str,
    executable: Path | str | None = None,
    **changes: object,
) -> subprocess.Popen[str]:
    """Start Snakemake on SLURM, all of its processes forked unless it gets a `python`."""
    program = (executable or job_python(), IMPATIENT)
    words = [*PROFILE, *(word for pair in QUICK.items() for word in pair), *flags]
    return project.start(*words, env=environment, program=program, **changes)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    output = process.communicate(timeout=600)[0]
    return process.returncode, output


def about_job(number: str, environment: dict[str, str]) -> str:
    """Return what SLURM says of a job."""
    words = ["scontrol", "show", "job", number]
    return subprocess.run(words, env=environment, capture_output=True, text=True).stdout


def test_jobs_of_slurm_end_in_the_bytes_of_a_local_run(
    slurm: dict[str, str], finished: Project, tmp_path: Path
) -> None:
    project = make_project(tmp_path)
    code, output = ended(submit(project, slurm, METRICS))
    assert code == 0, output[-5000:]
    found, expected = results_of(project.folder), results_of(finished.folder)
    assert {name.split("/")[0] for name in found} == {"dataset", "subset", "training", "evaluation"}
    assert found == {name: expected[name] for name in found}
    assert len(re.findall("has been submitted with SLURM jobid", output)) == 3, "a run is one job"


def test_cancelled_training_goes_on_from_its_checkpoint(
    slurm: dict[str, str], project: Project
) -> None:
    """SLURM sends SIGTERM first; without it there would be no checkpoint here."""
    log = project.folder / f"results/logs/training/{PLACE}.log"
    log.unlink()
    changes = {"training__epochs": 60, "training__checkpoint_every": 1000}
    changes |= {"experiment__replace_runs": True}
    process = submit(
        project, slurm, "--retries", "1", METRICS, executable=sys.executable, **changes
    )
    wait_for_line(log, r"training: +\d+%", process)
    subprocess.run(["scancel", "--state=RUNNING", "--me"], env=slurm, check=True)
    code, output = ended(process)
    assert code == 0, output[-5000:]
    assert "Trying to restart job" in output
    assert "going on after epoch" in log.read_text()


def test_shards_that_are_one_array_job_end_in_the_same_bytes(
    slurm: dict[str, str], finished: Project, project: Project
) -> None:
    shutil.rmtree(project.folder / "results/images")
    shards = [f"results/images/shard-{number}.parquet" for number in range(2)]
    code, output = ended(submit(project, slurm, "--slurm-array-jobs", "images", "--", *shards))
    assert code == 0, output[-5000:]
    (number,) = re.findall(r"Submitted array job .* SLURM job ID (\d+)", output)
    assert set(re.findall(r"ArrayTaskId=(\S+)", about_job(number, slurm))) == {"1", "2"}
    for shard in shards:
        assert (project.folder / shard).read_bytes() == (finished.folder / shard).read_bytes()


def test_array_of_more_shards_than_jobs_at_once_is_refused(
    slurm: dict[str, str], project: Project
) -> None:
    shutil.rmtree(project.folder / "results/images")
    process = submit(project, slurm, "--slurm-array-jobs", "images", "--jobs", "1")
    code, output = ended(process)
    assert code == 2, output[-5000:]
    assert re.search(r"sau: error: slurm-array-jobs: images, but 1 of \d+ jobs at once", output)


def test_job_on_a_gpu_asks_slurm_for_it(slurm: dict[str, str], project: Project) -> None:
    changes = {"training__device": "cuda", "experiment__replace_runs": True}
    process = submit(project, slurm, "--retries", "0", METRICS, **changes)
    code, output = ended(process)
    number = re.findall(r"has been submitted with SLURM jobid (\d+)", output)[-1]
    assert "gpu:1" in about_job(number, slurm)
    assert code == 1
    assert "training.device: cuda, but this machine has no CUDA GPU" in output
