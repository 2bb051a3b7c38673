"""A copy of the project with the default config cut to about a minute."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.forked_jobs import job_python
from tests.forks import dry_run, snakemake
from tests.paths import ROOT

SNAKEMAKE = (sys.executable, "-m", "snakemake")
PARTS = ("Snakefile", "workflow", "profiles", "envs", "sau", "config.yaml")


class Project:
    """A copy of the project with the default config cut down."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder = folder
        self.config = config

    def command(self, *flags: str, **changes: Any) -> list[str]:
        """Return the command line of a run, with `section__key=value` changed in the config."""
        config = yaml.safe_load(yaml.safe_dump(self.config))
        for path, value in changes.items():
            *parents, key = path.split("__")
            section = config
            for parent in parents:
                section = section[parent]
            section[key] = value
        path = self.folder / self.config_path
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(config))
        # A flag without values comes last, or a target would be taken for another config file.
        return [*SNAKEMAKE, "--configfile", os.fspath(path), "--cores", "2", "--nocolor", *flags]

    def start(
        self,
        *flags: str,
        env: dict[str, str] | None = None,
        program: Sequence[Path | str] = SNAKEMAKE,
        **changes: Any,
    ) -> subprocess.Popen[str]:
        """Start Snakemake in a process group of its own, its output in one pipe.

        Args:
            program: Snakemake, and before it the `python` that runs it and its jobs.
        """
        return subprocess.Popen(
            [*program, *self.command(*flags, **changes)[len(SNAKEMAKE) :]],
            cwd=self.folder,
            env=env,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def config_path(self) -> str:
        """Where `command` writes the config, from the project's folder; one for each process."""
        return f"build/config-{os.getpid()}.yaml"

    def run(self, *flags: str, **changes: Any) -> subprocess.CompletedProcess[str]:
        """Run Snakemake to its end and return what it printed."""
        words = self.command(*flags, **changes)[len(SNAKEMAKE) :]
        return snakemake(self.folder, *words, executable=job_python())

    def planned(self, *flags: str, **changes: Any) -> dict[str, int]:
        """Return how many jobs of each rule a dry run plans."""
        words = self.command("--quiet", "rules", *flags, **changes)[len(SNAKEMAKE) :]
        done = dry_run(self.folder, *words)
        assert done.returncode == 0, done.stdout
        table = re.search(r"-{3,} +-{3,}\n(.*?)\ntotal ", done.stdout, re.DOTALL)
        if table is None:
            assert "Nothing to be done" in done.stdout
            return {}
        rows = (line.split() for line in table.group(1).splitlines())
        return {rule: int(count) for rule, count in rows if rule != "all"}

    @contextmanager
    def edited(self, file: str, old: str, new: str) -> Iterator[None]:
        """Replace text in one of the project's files for a while; at its end if `old` is empty."""
        path = self.folder / file
        times = path.stat()
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new) if old else text + new)
        try:
            yield
        finally:
            path.write_text(text)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    @contextmanager
    def without(self, file: str) -> Iterator[None]:
        """Let one of the project's files be missing for a while."""
        path = self.folder / file
        away = path.rename(self.folder.parent / "away")
        try:
            yield
        finally:
            away.rename(path)


def make_project(folder: Path) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            # Compiled modules too, but for those that another process is just writing.
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(source, folder / part)
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["experiment"] |= {"imbalance_factors": [10], "seeds": [0]}
    config["prompts"]["per_class"] = 20
    config["images"] |= {"shards": 2, "steps": "4", "batch_size": 100}
    config["subset"]["largest_class"] = 15
    config["training"] |= {"epochs": 3, "projection_hidden": 32}
    config["training"]["runs"]["ce"]["steps_per_epoch"] = 3
    return Project(folder, config)


def finished_project(folder: Path) -> Project:
    """Return the project in `folder`, run to its end unless it is there already."""
    done = folder / "done"
    if done.exists():
        return Project(folder / "project", yaml.safe_load(done.read_text()))
    project = make_project(folder / "project")
    ran = project.run()
    assert ran.returncode == 0, ran.stderr[-5000:]
    done.write_text(yaml.safe_dump(project.config))
    return project


def wait_for_line(log: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    """Wait until a log has text that fits a regular expression; fail if its process ends first."""
    deadline = time.monotonic() + 300
    while not (log.exists() and re.search(pattern, log.read_text())):
        assert process.poll() is None, process.communicate()[0][-5000:]
        assert time.monotonic() < deadline, f"{log} never said {pattern!r}"
        time.sleep(0.1)


def results_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every result, without logs, timings and the lock, which names a run."""
    results, left_out = folder / "results", ("logs", "benchmarks", ".workflow.lock")
    return {
        path.relative_to(results).as_posix(): path.read_bytes()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.relative_to(results).parts[0] not in left_out
    }
