"""A `python` for the jobs of a workflow: forked from a process with the large libraries.

Most of a small job's time is those imports. Snakemake finds this `python` on its path and starts it
as it starts any; what the job does, reads, writes and says is its own, by the code of its own
folder, and what it starts by `sys.executable` is forked likewise. Jobs that a test ends by a signal
are started by the real one; so is what asks for other than a module or a file, and what has another
environment than libraries read when they are imported.

python -m tests.forked_jobs FOLDER: the process to fork from, which ends when its standard input
does. FOLDER/python is the program; it hands its words, folder, environment and standard streams
over FOLDER/socket, and ends with the exit code that comes back.
"""

import atexit
import functools
import gc
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
    "torchvision.transforms.v2",
    "open_clip",
    "transformers.models.clip.modeling_clip",
    "transformers.models.clip.tokenization_clip",
    "diffusers.models.unets.unet_2d_condition",
    "diffusers.pipelines.pipeline_utils",
    "snakemake.cli",
    "snakemake.storage",
)
"""What stages, and Snakemake, import."""

READ_AT_IMPORT = ("HF_", "HUGGINGFACE_", "TRANSFORMERS_", "DIFFUSERS_", "TORCH_", "XDG_")
"""What the variables begin with that these libraries read when imported, but for threads: one."""

PROGRAM = """#!{python} -IS
import json, os, socket, sys
read = {{n: v for n, v in os.environ.items() if n.startswith({prefixes!r})}}
if read != {read!r} or not (sys.argv[1] == "-m" or sys.argv[1].endswith(".py")):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
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
    read = {n: v for n, v in os.environ.items() if n.startswith(READ_AT_IMPORT)}
    preload(LIBRARIES)
    gc.freeze()  # or each job would copy all pages that its own collections look at
    with socket.socket(socket.AF_UNIX) as listener:
        address = os.fspath(folder / "socket")
        listener.bind(address)
        listener.listen()
        program = folder / "python"
        program.write_text(
            PROGRAM.format(
                python=sys.executable,
                address=address,
                prefixes=READ_AT_IMPORT,
                read=read,
            )
        )
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
                sys.executable = os.fspath(program)
                os._exit(_job(connection))
            connection.close()
            running.add(job)


def _job(connection: socket.socket) -> int:
    """Do what the other end asks for, and tell it the exit code; nothing if a signal ended it."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    folder, words, environment = json.load(connection.makefile())
    job = os.fork()  # what does it may become another program, which knows no connection
    if not job:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os._exit(run_here(folder, words, environment))
    code = os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])
    if code >= 0:
        connection.sendall(str(code).encode())
    return code


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
