"""How far each stage of a run is, and how long it may still take."""

import dataclasses
from collections.abc import Callable

_TARGET = "all"
"""The rule that only asks for the others."""

LeftOfJob = Callable[[int], float | None]
"""From a running job's number to the seconds that it says it still takes, None if it says none."""


@dataclasses.dataclass
class StageProgress:
    """The jobs of one rule.

    Attributes:
        total: jobs of this run.
        running: when each job that runs was started, by its number.
        seconds: of each job that has ended well.
        failed: jobs that have not.
        most_at_once: jobs that have run beside each other.
        began: when the first job was started; None before.
        ended: when the last one ended; None before.
    """

    total: int
    running: dict[int, float] = dataclasses.field(default_factory=dict)
    seconds: list[float] = dataclasses.field(default_factory=list)
    failed: int = 0
    most_at_once: int = 0
    began: float | None = None
    ended: float | None = None

    def start(self, number: int, now: float) -> None:
        """Take in that a job has been started."""
        self.running[number] = now
        self.most_at_once = max(self.most_at_once, len(self.running))
        self.began = now if self.began is None else self.began

    def end(self, number: int, now: float, *, well: bool) -> None:
        """Take in that a job has ended."""
        start = self.running.pop(number, now)
        if well:
            self.seconds.append(now - start)
        else:
            self.failed += 1
        if len(self.seconds) + self.failed == self.total:
            self.ended = now

    def left(self, now: float, left_of: LeftOfJob) -> float | None:
        """Return the seconds that the jobs which have not ended take.

        What running jobs say themselves counts first. The others take as long as those that have
        ended, or else as those that run and say it; None where there are neither.
        """
        said = {number: left_of(number) for number in self.running}
        whole = [now - self.running[n] + left for n, left in said.items() if left is not None]
        known = self.seconds or whole
        if not known:
            return None
        mean = sum(known) / len(known)
        seconds = [
            max(mean - (now - self.running[number]), 0.0) if left is None else left
            for number, left in said.items()
        ]
        waiting = self.total - len(self.seconds) - self.failed - len(self.running)
        together = sum(seconds) + max(waiting, 0) * mean
        return max(together / max(self.most_at_once, 1), *seconds, 0.0)

    def line(self, name: str, now: float, left_of: LeftOfJob) -> str:
        """Return the stage's line: jobs that are done, the time, and what is left.

        A job that has drawn or trained all may still write: of less than a second nothing is said.
        """
        words = [f"{len(self.seconds)}/{self.total} done"]
        words += [f"{len(self.running)} running"] if self.running else []
        words += [f"{self.failed} failed"] if self.failed else []
        if self.began is not None:
            words.append(clock((self.ended or now) - self.began))
        left = None if self.ended is not None else self.left(now, left_of)
        if left is not None and round(left) > 0:
            words.append(f"about {clock(left)} left")
        return f"{name:<12}{', '.join(words)}"


class RunProgress:
    """All stages of a run, in the order in which their first jobs start."""

    def __init__(self) -> None:
        self.stages: dict[str, StageProgress] = {}
        self._rules: dict[int, str] = {}

    def plan(self, jobs: dict[str, int]) -> None:
        """Take in how many jobs each rule has."""
        for rule, count in jobs.items():
            if rule not in (_TARGET, "total"):
                self.stages.setdefault(rule, StageProgress(0)).total = count

    def start(self, number: int, rule: str, now: float) -> str | None:
        """Take in that a job has been started; return its rule, None if it is no stage."""
        if rule == _TARGET:
            return None
        self._rules[number] = rule
        self.stages.setdefault(rule, StageProgress(1)).start(number, now)
        return rule

    def end(self, number: int, now: float, *, well: bool) -> str | None:
        """Take in that a job has ended; return its rule, None if it is no stage."""
        rule = self._rules.pop(number, _TARGET)
        if rule not in self.stages:
            return None
        self.stages[rule].end(number, now, well=well)
        return rule

    def lines(self, now: float, left_of: LeftOfJob) -> list[str]:
        """Return a line for each stage that has begun."""
        begun = [(name, stage) for name, stage in self.stages.items() if stage.began is not None]
        begun.sort(key=lambda pair: pair[1].began or 0.0)
        return [stage.line(name, now, left_of) for name, stage in begun]


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds, or with hours."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
