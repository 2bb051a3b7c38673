"""Which jobs the workflow has, and which of them it would run now: as Snakemake plans them."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.run.command import snakemake_words
from sau.run.files import workflow_folder
from sau.run.plugin import JOBS_FILE, LOGGER, environment_with_plugin

_TARGET = "all"
"""The rule that only asks for the others."""


@dataclasses.dataclass(frozen=True)
class Job:
    """A job of the workflow.

    Attributes:
        rule: its name, which is that of the stage.
        outputs: files and folders that it writes.
        log: where its output goes.
        wildcards: what distinguishes it from other jobs of the rule, such as run and seed.
        reason: why it has to run, in Snakemake's words.
        threads: CPU threads that it takes.
    """

    rule: str
    outputs: tuple[Path, ...]
    log: Path
    wildcards: dict[str, str]
    reason: str
    threads: int

    @property
    def name(self) -> str:
        """What the job is called: its log's path below the logs, without the ending."""
        folders = self.log.with_suffix("").parts
        return "/".join(folders[folders.index("logs") + 1 :])


def planned_jobs(words: Sequence[str], *, all_of_them: bool = False) -> list[Job]:
    """Return the jobs that `sau run` with these words would run, in Snakemake's order.

    Args:
        words: such as `--config my.yaml`.
        all_of_them: also those that have nothing to do.

    Raises:
        UserError: what the workflow says is wrong, such as of the config.
    """
    shipped = workflow_folder()
    asked = ["--dry-run", "--logger", LOGGER, *(["--forceall"] if all_of_them else [])]
    command = [sys.executable, "-m", "snakemake", *snakemake_words([*words, *asked], shipped)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jobs"
        environment = environment_with_plugin(os.environ) | {JOBS_FILE: str(file)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise UserError(_why(done.stderr))
        jobs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [_job(facts) for facts in jobs if facts["rule"] != _TARGET]


def _job(facts: dict[str, Any]) -> Job:
    return Job(
        facts["rule"],
        tuple(map(Path, facts["outputs"])),
        Path(*facts["logs"]),
        facts["wildcards"],
        facts["reason"],
        facts["threads"],
    )


def _why(said: str) -> str:
    """Return what the workflow, or else Snakemake, has said is wrong."""
    lines = [line for line in said.splitlines() if line.strip()]
    ours = [line for line in lines if line.startswith("sau: error: ")]
    line = ours[0].removeprefix("sau: error: ") if ours else lines[-1] if lines else "no plan"
    return one_line(line)
