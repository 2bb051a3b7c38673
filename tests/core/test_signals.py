import os
import signal
import threading

import pytest

from sau.core.signals import ENDING, Interruption, handled, raised


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signal_raises_an_interruption_with_the_shells_exit_code(number, code):
    with pytest.raises(Interruption) as caught, raised():
        os.kill(os.getpid(), number)
    assert caught.value.exit_code == code
    assert str(caught.value) == f"interrupted by {signal.Signals(number).name}; run again to go on"


def test_handlers_are_given_back():
    before = [signal.getsignal(number) for number in ENDING]
    seen = []
    with raised(), handled(seen.append):
        os.kill(os.getpid(), signal.SIGTERM)
    assert seen == [signal.SIGTERM]
    assert [signal.getsignal(number) for number in ENDING] == before


def test_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raised():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_threads_but_the_main_one_change_no_handler():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def look():
        with raised():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
