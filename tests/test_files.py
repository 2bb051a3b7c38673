import subprocess
import sys
import textwrap

import pytest

from sau.errors import UserError
from sau.files import atomic_path, write_text


def test_replaces_the_old_file_only_when_the_block_ends_well(tmp_path):
    path = tmp_path / "a" / "file.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("killed")
    assert path.read_text() == "old"
    write_text(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_no_permission_is_a_user_error(tmp_path):
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    with pytest.raises(UserError, match="cannot write .*taken"):
        write_text(tmp_path / "taken" / "x.txt", "text")


def test_a_write_that_the_system_refuses_leaves_nothing(tmp_path):
    """A real refused write: the process may write files of 64 KiB at most, as on a full disk."""
    code = f"""
        import resource, signal
        import pyarrow as pa
        from pathlib import Path
        from sau import manifest
        from sau.errors import UserError

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        import random
        names = [random.Random(i).randbytes(40).hex() for i in range(20000)]
        rows = pa.table({{"id": names, "label": [0] * 20000, "is_synthetic": [False] * 20000}})
        try:
            manifest.write(Path({str(tmp_path)!r}) / "members.parquet", "members", rows, {{}})
        except UserError as error:
            print("UserError", error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("UserError cannot write ")
    assert list(tmp_path.iterdir()) == []
