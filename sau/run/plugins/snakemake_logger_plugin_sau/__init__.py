"""What Snakemake finds by its name as the logger `sau`, where `sau.run.plugin` leads it here."""

import os

from sau.run.plugin import JOBS_FILE

if JOBS_FILE in os.environ:
    from sau.run.listing import LogHandler
else:
    from sau.run.lines import LogHandler  # type: ignore[assignment]

__all__ = ["LogHandler"]
