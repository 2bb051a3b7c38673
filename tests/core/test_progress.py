"""What is shown of work that is done item by item."""

import pytest

from sau.core.progress import progress


@pytest.mark.parametrize(("delay", "shown"), [(0.0, True), (3600.0, False)])
def test_nothing_is_shown_of_what_is_done_at_once(
    capsys: pytest.CaptureFixture[str], delay: float, shown: bool
) -> None:
    assert list(progress(range(3), "things", delay=delay)) == [0, 1, 2]
    assert ("things" in capsys.readouterr().err) is shown
