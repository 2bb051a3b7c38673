"""A logger of Snakemake that lists the jobs of a plan in a file, one line of JSON for each."""

import json
import os
from logging import LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from sau.run.plugin import JOBS_FILE


class LogHandler(LogHandlerBase):
    """Writes what Snakemake says of each job; its words to people go nowhere, but errors."""

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

    @property
    def writes_to_stream(self) -> bool:
        """Say no, so that Snakemake's own words stand on standard error, if there is an error."""
        return False

    @property
    def writes_to_file(self) -> bool:
        """Say no: Snakemake would call the file its log."""
        return False

    @property
    def has_filter(self) -> bool:
        """Say yes: nothing is left out."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Say yes: nothing is made text."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """Say no."""
        return False


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
