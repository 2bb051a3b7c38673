"""How what runs within Snakemake ends on bad input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.core.printable import printable


@contextmanager
def leaving_on_bad_input() -> Iterator[None]:
    """Say a `UserError` of the block in one line on standard error, and leave with code 2."""
    try:
        yield
    except UserError as error:
        print(f"sau: error: {printable(str(error))}", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)
