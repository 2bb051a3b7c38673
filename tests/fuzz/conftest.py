"""Sums of what the tests of this folder tried, at the end of a run."""

import json
from collections import Counter

import pytest

from tests.fuzz.outcomes import COUNTS, SCALE


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of a worker of xdist to the process that prints them."""
    worker = getattr(session.config, "workeroutput", None)
    if worker is not None:
        worker["fuzz"] = json.dumps(COUNTS)


def pytest_testnodedown(node, error) -> None:
    for reader, counts in json.loads(getattr(node, "workeroutput", {}).get("fuzz", "{}")).items():
        COUNTS[reader].update(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was tried: a failed test is a traceback, a hang or a silent error."""
    if not COUNTS:
        return
    terminalreporter.section(f"odd inputs, {SCALE} times the usual number")
    total: Counter[str] = Counter()
    for reader, counts in sorted(COUNTS.items()):
        total.update(counts)
        terminalreporter.line(
            f"{reader:24} {counts['right']:7} right {counts['refused']:7} refused"
        )
    failed = len(terminalreporter.stats.get("failed", []))
    terminalreporter.line(
        f"{total.total()} inputs: {total['right']} right, {total['refused']} refused in one line; "
        f"{failed} tests found a traceback, a hang or a silent error"
    )
