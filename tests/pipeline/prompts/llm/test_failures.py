import email.utils
import time

import pytest

from sau.pipeline.prompts.llm.failures import retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_servers_wait_is_read(headers, seconds):
    assert retry_after(headers) == seconds


def test_date_is_a_wait_until_then():
    date = email.utils.formatdate(time.time() + 3600, usegmt=True)
    assert 3500 < retry_after({"retry-after": date}) < 3601
