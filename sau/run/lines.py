"""A logger of Snakemake for `sau run`: a line for each stage; Snakemake's words go to a log."""

import sys
import threading
import time
from logging import WARNING, LogRecord
from pathlib import Path
from typing import Any, TextIO

from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent

from sau.core.printable import printable
from sau.run import begun
from sau.run.own_words import OwnWords
from sau.run.progress_of_stages import RunProgress
from sau.run.terminal import Terminal
from sau.run.words_of_logs import error_of, seconds_left, warnings_of


class LogHandler(OwnWords):
    """Shows how far each stage is; where nothing runs, it says what Snakemake says.

    Until jobs are about to run, records wait: a dry run, a summary or an error prints them as ever.
    """

    def __post_init__(self) -> None:
        """Prepare both ways to speak."""
        settings = self.common_settings
        self._formatter = DefaultFormatter(settings.quiet, settings.show_failed_logs)
        said = (settings.quiet, settings.debug_dag, settings.verbose, settings.dryrun)
        self._filter = DefaultFilter(*said, printshellcmds=True)
        self._snakemake = ColorizingTextHandler(
            nocolor=settings.nocolor,
            stream=sys.stdout if settings.stdout else sys.stderr,
            formatter=self._formatter,
            filter=DefaultFilter(*said, printshellcmds=settings.printshellcmds),
        )
        self._waiting: list[LogRecord] = []
        self._file: TextIO | None = None
        self._path = Path()
        self._progress = RunProgress()
        self._terminal = Terminal(sys.stderr)
        self._logs: dict[int, Path] = {}
        self._failed: dict[int, Path] = {}
        self._over = threading.Event()
        if not settings.dryrun:
            begun.expect()

    def emit(self, record: LogRecord) -> None:
        """Take in one record."""
        if self.common_settings.dryrun:
            self._snakemake.handle(record)
            return
        if self._file is None:
            results = begun.results()
            if results is None:
                self._waiting.append(record)
                return
            self._begin(results)
        self._take(record)

    def close(self) -> None:
        """Say what waited, if nothing has run or was refused; else what failed and all warnings."""
        if self._over.is_set():
            return
        self._over.set()
        if self._file is not None:
            self._end()
        elif not begun.is_refused():
            for record in self._waiting:
                self._snakemake.handle(record)
        super().close()

    def _begin(self, results: Path) -> None:
        self._path = results / "logs" / "run" / time.strftime("%Y-%m-%dT%H%M%S.log")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8")
        for waited in self._waiting:
            self._take(waited)
        self._waiting = []
        threading.Thread(target=self._tick, name="lines", daemon=True).start()

    def _take(self, record: LogRecord) -> None:
        assert self._file is not None
        if self._filter.filter(record):
            self._file.write(f"{self._formatter.format(record)}\n")
            self._file.flush()
        facts, now = vars(record), time.monotonic()
        event = facts.get("event")
        changed: str | None = None
        if event == LogEvent.RUN_INFO:
            self._progress.plan({str(rule): int(n) for rule, n in facts["stats"].items()})
        elif event == LogEvent.JOB_INFO:  # said when the job is started
            number = facts["jobid"]
            changed = self._progress.start(number, facts["rule_name"], now)
            if facts["log"]:
                self._logs[number] = Path(str(facts["log"][0]))
        elif event == LogEvent.JOB_FINISHED:
            changed = self._progress.end(facts["job_id"], now, well=True)
        elif event == LogEvent.JOB_ERROR:
            self._fail(facts["jobid"], now)
            changed = facts["rule_name"]
        elif record.levelno >= WARNING and not (self._failed or _is_of_a_job(facts)):
            self._terminal.say(printable(" ".join(self._formatter.format(record).split())))
        if changed:
            self._terminal.show(self._lines(now))

    def _fail(self, number: int, now: float) -> None:
        if number not in self._failed:
            self._failed[number] = self._logs.get(number, Path())
            self._progress.end(number, now, well=False)

    def _lines(self, now: float) -> list[str]:
        return self._progress.lines(now, lambda job: seconds_left(self._logs.get(job, Path())))

    def _tick(self) -> None:
        while not self._over.wait(self._terminal.interval):
            with self.lock or threading.RLock():
                self._terminal.show(self._lines(time.monotonic()), times=True)

    def _end(self) -> None:
        self._terminal.end(self._lines(time.monotonic()))
        for log in self._failed.values():
            self._terminal.say(f"failed: {printable(error_of(log))} (log {printable(str(log))})")
        counted = warnings_of(self._logs.values())
        for text, count in counted.items():
            self._terminal.say(f"warning{f' ({count} times)' if count > 1 else ''}: {text}")
        self._terminal.say(f"commands and Snakemake's own words: {printable(str(self._path))}")
        if self._file is not None:
            self._file.close()

    @property
    def writes_to_stream(self) -> bool:
        """Say yes, so that Snakemake's own handler is silent."""
        return True


def _is_of_a_job(facts: dict[str, Any]) -> bool:
    """Return whether a record is the command of a job that failed, of which more is said later."""
    return facts.get("exception") == "RuleException"
