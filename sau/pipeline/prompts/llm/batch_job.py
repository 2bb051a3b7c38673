"""What a server says of a job of OpenAI's Batch API."""

import dataclasses
from typing import Self

from openai.types import Batch

OVER = ("failed", "completed", "expired", "cancelled")


@dataclasses.dataclass(frozen=True)
class Job:
    """How far a job is.

    Attributes:
        told: its state and how many requests are answered, in words.
        is_over: nothing more comes of it.
        files: the ids of the files with its answers and errors, as far as there are any.
        error: why it failed as a whole; None if it has not.
    """

    told: str
    is_over: bool
    files: tuple[str, ...]
    error: str | None

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Read what a server said, which the openai package does not check.

        Raises:
            AttributeError, TypeError: it speaks of no job.
        """
        counts = batch.request_counts
        done = f", {counts.completed + counts.failed} of {counts.total}" if counts else ""
        error = None
        if batch.status == "failed":
            errors = (batch.errors.data if batch.errors else None) or []
            error = "; ".join(error.message or "" for error in errors) or "the job failed"
        files = tuple(filter(None, (batch.output_file_id, batch.error_file_id)))
        return cls(f"{batch.status}{done}", batch.status in OVER, files, error)
