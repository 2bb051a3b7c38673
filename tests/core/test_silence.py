"""Within the block warnings are silent, and after it they are heard again."""

import logging

import pytest

from sau.core.silence import without_warnings

log = logging.getLogger("sau.tests")


def test_warnings_are_left_out_within_the_block_alone(caplog: pytest.LogCaptureFixture) -> None:
    with without_warnings():
        log.warning("within")
        log.error("an error")
    log.warning("after")
    assert caplog.messages == ["an error", "after"]


def test_block_that_fails_leaves_no_silence(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="odd"), without_warnings():
        raise ValueError("odd")
    log.warning("after")
    assert caplog.messages == ["after"]
