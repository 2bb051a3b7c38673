"""A logger of Snakemake that lists the jobs of a plan in a file, one line of JSON for each."""

import json
import os
from logging import LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from sau.run.own_words import OwnWords
from sau.run.plugin import JOBS_FILE


class LogHandler(OwnWords):
    """Writes what Snakemake says of each job; its other words are left to its own logger."""

    def __post_init__(self) -> None:
        """Open the file that the environment names."""
        self._file = Path(os.environ[JOBS_FILE]).open("w", encoding="utf-8")  # noqa: SIM115 - until close

    def emit(self, record: LogRecord) -> None:
        """Write a job."""
        facts = vars(record)
        if facts.get("event") == LogEvent.JOB_INFO:
            self._file.write(json.dumps(_job(facts)) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _job(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "rule": facts["rule_name"],
        "outputs": [str(path) for path in facts["output"]],
        "logs": [str(path) for path in facts["log"]],
        "benchmark": facts["benchmark"] and str(facts["benchmark"]),
        "wildcards": {name: str(value) for name, value in facts["wildcards"].items()},
        "reason": facts["reason"],
        "threads": int(facts["threads"]),
    }
