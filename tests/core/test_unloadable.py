"""Whatever a library raises when it loads is one line."""

import pickle

import pytest

from sau.core.errors import UserError
from sau.core.unloadable import LONGEST_REASON, loading, reason_of


class Panic(BaseException):
    """As libraries in Rust raise it."""


@pytest.mark.parametrize(
    "error",
    [Exception("bare"), MemoryError("no room"), RecursionError(), Panic("index"), KeyError()],
)
def test_error_of_any_kind_is_the_users(error: BaseException) -> None:
    message = f"^a: b does not load: {type(error).__name__}:"
    with pytest.raises(UserError, match=message), loading("a: b does not load"):
        raise error


def test_user_error_is_not_told_twice() -> None:
    with pytest.raises(UserError, match="^told$"), loading("a"):
        raise UserError("told")


def test_interrupts_go_through() -> None:
    with pytest.raises(KeyboardInterrupt), loading("a"):
        raise KeyboardInterrupt


def test_standard_input_is_not_read() -> None:
    with pytest.raises(UserError, match="EOFError"), loading("a"):
        input("Do you wish to run the custom code? [y/N] ")


def test_reason_is_one_line_without_colours_and_cut() -> None:
    assert reason_of(ValueError("\x1b[1mtwo\nlines\x1b[0m")) == "ValueError: two lines"
    assert len(reason_of(ValueError("long" * 1000))) == LONGEST_REASON


def test_reason_of_a_pickle_does_not_advise_to_run_it() -> None:
    error = pickle.UnpicklingError("you may allow it. Unsupported global: GLOBAL os.system was")
    assert reason_of(error) == (
        "UnpicklingError: it holds os.system, which is no tensor and could run code"
    )


def test_reason_of_what_is_no_pickle_does_not_either() -> None:
    error = pickle.UnpicklingError("Re-running with `weights_only` set to `False` will work")
    assert "weights_only" not in reason_of(error)
