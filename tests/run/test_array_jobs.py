import pytest

from sau.core.errors import UserError
from sau.run.array_jobs import check_array_jobs


@pytest.mark.parametrize(
    ("rules", "at_once", "due"),
    [(None, 1, 50), ("images", None, 50), ("images", 50, 50), ("", 1, 50)],
)
def test_jobs_that_start_are_let_through(rules: str | None, at_once: int | None, due: int) -> None:
    check_array_jobs(rules, at_once, due)


def test_jobs_that_would_wait_for_ever_are_refused() -> None:
    with pytest.raises(UserError, match="images, but 49 of 50 jobs at once .* set jobs to 50"):
        check_array_jobs("images", 49, 50)
