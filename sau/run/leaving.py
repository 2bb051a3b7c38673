"""How what runs within Snakemake ends on bad input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.core.printable import printable
from sau.run import begun


@contextmanager
def leaving_on_bad_input() -> Iterator[None]:
    """Say a `UserError` of the block in one line on standard error, and leave with code 2.

    The logger of `sau run` then says nothing of the jobs that were planned.
    """
    try:
        yield
    except UserError as error:
        print(f"sau: error: {printable(str(error))}", file=sys.stderr)
        begun.refuse()
        sys.exit(EXIT_USER_ERROR)
