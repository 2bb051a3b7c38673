import errno
import os
import textwrap

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sau.core.errors import UserError
from sau.storage.files import atomic_path, write_text
from tests.forks import TORCH, python
from tests.paths import ROOT


def test_old_file_is_replaced_only_when_the_block_ends_well(tmp_path):
    path = tmp_path / "a" / "file.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("killed")
    assert path.read_text() == "old"
    write_text(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_missing_permission_is_a_user_error(tmp_path):
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    with pytest.raises(UserError, match="cannot write .*taken"):
        write_text(tmp_path / "taken" / "x.txt", "text")


def test_input_that_cannot_be_read_is_no_error_of_writing(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match="missing"),
        atomic_path(tmp_path / "b") as temporary,
    ):
        temporary.write_bytes((tmp_path / "missing").read_bytes())
    with pytest.raises(OSError, match="bad password"), atomic_path(tmp_path / "b"):
        raise OSError("bad password")
    assert list(tmp_path.iterdir()) == []


def test_error_that_names_no_file_is_one_line_too(tmp_path):
    """A disk that fails says so of a file that is open, and so without its name."""
    with (
        pytest.raises(UserError, match=r"b: Input/output error before it was whole; nothing was"),
        atomic_path(tmp_path / "b"),
    ):
        raise OSError(errno.EIO, "Input/output error")


def test_file_that_only_the_message_names_is_an_error_of_writing(tmp_path):
    """Arrow's errors have no file name."""
    with pytest.raises(UserError, match="cannot write .*b: "), atomic_path(tmp_path / "b") as path:
        path.unlink()
        path.mkdir()
        pq.write_table(pa.table({"a": [1]}), path)


WRITERS = {
    "manifest": """
        import random
        import pyarrow as pa
        from sau.storage import manifest
        names = [random.Random(i).randbytes(40).hex() for i in range(20000)]
        facts = {"label": [0] * 20000, "is_synthetic": [False] * 20000, "score": [0.5] * 20000}
        facts["true_label"] = [0] * 20000
        rows = pa.table({"id": names} | facts)
        write = lambda: manifest.write(folder / "members.parquet", "members", rows, {})
    """,
    "model": """
        from sau.networks import Network, NetworkConfig
        network = Network(NetworkConfig("resnet8", 16, 10))
        write = lambda: network.save_pretrained(folder / "model")
    """,
    "checkpoint": """
        from types import SimpleNamespace
        import torch
        from sau.pipeline.training.checkpoint import save_checkpoint
        from sau.networks import Network, NetworkConfig
        from sau.engine.state import RunState
        network = Network(NetworkConfig("resnet8", 16, 10))
        optimizer = torch.optim.SGD(network.parameters(), 0.1)
        phase = SimpleNamespace(optimizer=optimizer, parameters=network.parameters)
        settings = SimpleNamespace(total_epochs=lambda: 1)
        modules, phase_of = lambda: {"network": network}, lambda epoch: phase
        run = SimpleNamespace(
            modules=modules, phase_of=phase_of, settings=settings, network=network
        )
        path = folder / "checkpoint"
        write = lambda: save_checkpoint(path, "identity", run, RunState())
    """,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_write_that_the_system_refuses_leaves_nothing(tmp_path, kind):
    """A real refused write: the process may write files of 64 KiB at most, as on a full disk."""
    folder = tmp_path / "out"
    folder.mkdir()
    head = f"import resource, signal\nfrom pathlib import Path\nfolder = Path({str(folder)!r})\n"
    tail = """
        from sau.core.errors import UserError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        try:
            write()
        except UserError as error:
            print("UserError", error)
    """
    program = tmp_path / "write.py"
    program.write_text(head + textwrap.dedent(WRITERS[kind]) + textwrap.dedent(tail))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = python(tmp_path, str(program), preloaded=TORCH, environment=environment)
    assert done.stdout.startswith("UserError cannot write "), done.stderr
    assert list(folder.iterdir()) == []
