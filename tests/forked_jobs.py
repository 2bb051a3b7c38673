"""A `python` for the jobs of a workflow: forked from a process with the large libraries.

Most of a small job's time is those imports. Snakemake finds this `python` on its path and starts it
as it starts any; what the job does, reads, writes and says is its own, by the code of its own
folder. Jobs that a test ends by a signal are started by the real one.

python -m tests.forked_jobs FOLDER: the process to fork from, which ends when its standard input
does. FOLDER/python is the program; it hands its words, folder, environment and standard streams
over FOLDER/socket, and ends with the exit code that comes back.
"""

import atexit
import functools
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.forks import preload, run_here
from tests.paths import ROOT

LIBRARIES = (
    "torch",
    "numpy",
    "pandas",
    "pyarrow.compute",
    "pyarrow.parquet",
    "PIL.Image",
    "pydantic",
    "jsonschema",
    "sklearn.datasets",
    "matplotlib.pyplot",
    "jinja2",
)
"""What stages import, as far as it reads nothing of the environment."""

PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"3"], [0, 1, 2])
    asked = [os.getcwd(), sys.argv[1:], dict(os.environ)]
    server.sendall(json.dumps(asked).encode())
    server.shutdown(socket.SHUT_WR)
    answer = server.makefile().read()
sys.exit(int(answer) if answer else "the job died")
"""


@functools.cache
def job_python() -> Path:
    """Start the process to fork from, if there is none yet, and return the program."""
    folder = Path(tempfile.mkdtemp(prefix="jobs-"))  # short: a socket's path must be
    command = [sys.executable, "-m", "tests.forked_jobs", str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}  # which PyTorch reads when it is imported
    pipe = subprocess.PIPE
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True
    )
    assert server.stdout
    assert server.stdout.readline() == "ready\n"
    atexit.register(shutil.rmtree, folder)
    atexit.register(server.communicate)
    return folder / "python"


def _serve(folder: Path) -> None:
    preload(LIBRARIES)
    with socket.socket(socket.AF_UNIX) as listener:
        address = os.fspath(folder / "socket")
        listener.bind(address)
        listener.listen()
        program = folder / "python"
        program.write_text(PROGRAM.format(python=sys.executable, address=address))
        program.chmod(0o755)
        print("ready", flush=True)
        running = set[int]()
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if listener not in ready:
                return
            connection, _ = listener.accept()
            running = {job for job in running if not os.waitpid(job, os.WNOHANG)[0]}
            job = os.fork()
            if not job:
                listener.close()
                os._exit(_job(connection))
            connection.close()
            running.add(job)


def _job(connection: socket.socket) -> int:
    """Do what the other end asks for, and tell it the exit code."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    folder, words, environment = json.load(connection.makefile())
    code = run_here(folder, words, environment)
    connection.sendall(str(code).encode())
    return code


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
