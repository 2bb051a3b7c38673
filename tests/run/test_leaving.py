"""The end of what runs within Snakemake, where input is bad."""

import pytest

from sau.core.errors import UserError
from sau.run.leaving import leaving_on_bad_input


def test_leaving_says_one_line_that_does_not_act_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as left, leaving_on_bad_input():
        raise UserError("config: \x1b[2Jseed\nis wrong")
    assert left.value.code == 2
    assert capsys.readouterr().err == "sau: error: config: \\x1b[2Jseed\\nis wrong\n"


def test_leaving_passes_on_what_is_a_defect() -> None:
    with pytest.raises(ZeroDivisionError), leaving_on_bad_input():
        raise ZeroDivisionError
