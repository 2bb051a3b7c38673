"""What `tarfile` would pass over without a word is refused."""

import tarfile

import pytest

from sau.sources.hub.whole_tar import members_of, open_whole
from tests.sources.hub.hub_folders import put_tar

SAMPLE = 2 * tarfile.BLOCKSIZE
MEMBERS = [(f"{number}.png", b"A") for number in range(4)]


def names(path, most=2**20):
    with path.open("rb") as opened:
        return [member.name for member in members_of(open_whole(opened, most), opened)]


@pytest.fixture
def tar(tmp_path):
    put_tar(tmp_path / "x.tar", MEMBERS)
    return tmp_path / "x.tar"


def test_members_come_in_their_order(tar):
    assert names(tar) == [name for name, _ in MEMBERS]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[: 2 * SAMPLE], "cut off or damaged at byte 2,048"),
        (lambda data: data[: 2 * SAMPLE + 300], "cut off or damaged at byte 2,048"),
        (
            lambda data: data[: 2 * SAMPLE] + b"garbage" + data[2 * SAMPLE + 7 :],
            "cut off or damaged at byte 2,048",
        ),
        (lambda data: data + data, "more behind its end, such as another tar"),
    ],
)
def test_tar_that_is_not_whole_is_refused(tar, change, message):
    tar.write_bytes(change(tar.read_bytes()))
    with pytest.raises(tarfile.ReadError, match=message):
        names(tar)


def test_long_header_is_not_read(tar):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 3 * 2**30
    with tar.open("wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.truncate(4 * 2**30)  # a hole, which takes no disk
    with pytest.raises(tarfile.ReadError, match="a header of more than 1,048,576 bytes"):
        names(tar)
