"""The command `sau status`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from sau.core.printable import printable
from sau.pipeline.registry import STAGES
from sau.run.configured import config_words, configured
from sau.run.planned import planned_jobs
from sau.run.results_lock import who_holds
from sau.tools.status.states import JobState, State, look_at, state_of

_SAID = {State.RUNNING, State.FAILED, State.STOPPED}
"""The states of which each job is named."""


def status(*, config: list[str] | None = None) -> None:
    """Say of each stage what is done, running, failed or still to do, and why.

    Nothing is written. Which jobs have to run is what Snakemake plans.

    Args:
        config: what stands after `sau run --config`; default: nothing.

    Raises:
        UserError: what is wrong with the config.
    """
    named = config or []
    results = Path(configured(named).experiment.results)
    words = config_words(named)
    jobs = planned_jobs(words, all_of_them=True)
    holder = who_holds(results)
    looks = [look_at(job) for job in jobs]
    reasons = {job.name: job.reason for job in planned_jobs(words)}
    work = f"at work is {holder.describe()}" if holder else "no run is at work"
    print(printable(f"{results}: {work}"))
    states = [
        state_of(job, look, reasons, at_work=holder is not None)
        for job, look in zip(jobs, looks, strict=True)
    ]
    for line in report(states):
        print(printable(line))


def report(states: Sequence[JobState]) -> Iterator[str]:
    """Yield a line for each stage, in the order of the data flow, and lines on single jobs."""
    rules = list(dict.fromkeys(each.job.rule for each in states))
    order = [*(name for name in STAGES if name in rules), *(r for r in rules if r not in STAGES)]
    for rule in order:
        counts = Counter(each.state for each in states if each.job.rule == rule)
        total = sum(counts.values())
        words = [f"{counts[state]} {state}" for state in State if counts[state]]
        is_done = counts[State.DONE] == total
        yield f"  {rule:<12}{'done' if is_done else ', '.join(words)} ({total} in all)"
    for each in sorted(states, key=lambda each: list(State).index(each.state)):
        yield from _of_job(each)


def _of_job(state: JobState) -> Iterator[str]:
    if state.state in _SAID:
        yield f"{state.state}: {state.job.name}" + (f", by {state.why}" if state.why else "")
        yield f"  log {state.job.log}"
        yield from (f"  | {line}" for line in state.tail)
    elif state.state == State.OUTDATED:
        yield f"{state.state}: {state.job.name}: {state.why}"
