"""The command `sau doctor`."""

from collections.abc import Iterable

from sau.core.errors import UserError
from sau.core.printable import printable
from sau.run.configured import configured
from sau.tools.doctor.finding import Finding, Mark
from sau.tools.doctor.machine import findings
from sau.tools.doctor.needs import needs_of


def doctor(*, config: list[str] | None = None) -> None:
    """Say what this machine has, what will work, and how to fix what will not.

    Args:
        config: what stands after `sau run --config`: what that run needs is looked at too.

    Raises:
        UserError: something will not work, which was said; or what is wrong with the config.
    """
    said: dict[str, Finding] = {}
    _say(findings(), said)
    if config is not None:
        _say(needs_of(configured(config)), said)
    failed = sum(finding.mark is Mark.BAD for finding in said.values())
    if failed:
        raise UserError(f"{failed} things will not work; see the lines that begin with {Mark.BAD}")


def _say(found: Iterable[Finding], said: dict[str, Finding]) -> None:
    """Print findings that were not said before, such as of a disk that is the same."""
    for finding in found:
        line = printable(finding.line())
        if line not in said:
            print(line)
        said[line] = finding
