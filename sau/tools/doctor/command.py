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
    failed = _say(findings())
    if config is not None:
        failed += _say(needs_of(configured(config)))
    if failed:
        raise UserError(f"{failed} things will not work; see the lines that begin with {Mark.BAD}")


def _say(found: Iterable[Finding]) -> int:
    """Print findings; return how many are bad."""
    failed = 0
    for finding in found:
        print(printable(finding.line()))
        failed += finding.mark is Mark.BAD
    return failed
