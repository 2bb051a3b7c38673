"""Programs in processes that are forked from one which has imported the large libraries already.

Half of a dry run's time, and most of a small program's on PyTorch, is those imports. Nothing of
this project is imported before the fork, so each program reads the package of the folder that it
runs in, or of the path that it is given, as `python -m NAME` or `python FILE.py` there does.

python -m tests.forks MODULE...: the process to fork from, with those modules. A line of JSON on its
standard input asks for a run, and a line of JSON on its standard output answers.
"""

import atexit
import functools
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.paths import ROOT

SNAKEMAKE = (
    "snakemake.cli",
    "snakemake.report.html_reporter",
    "snakemake.storage",
    "jsonschema",
)
TORCH = ("torch", "torchvision")


def python(
    folder: Path,
    *words: str,
    preloaded: Sequence[str],
    environment: Mapping[str, str] | None = None,
    executable: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `python` with some words in a folder, to its end.

    Args:
        folder: the current one of the program.
        words: `-m` and a module's name, or a file; then the program's own.
        preloaded: modules that are imported before, such as `TORCH`.
        environment: that of this process if None.
        executable: what the program takes for its `python`, and starts others by.
    """
    environment = dict(os.environ if environment is None else environment)
    asked: dict[str, Any] = {"folder": os.fspath(folder), "words": words}
    asked["environment"] = environment
    asked["executable"] = os.fspath(executable) if executable else None
    server = _server(tuple(preloaded))
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps(asked) + "\n")
    server.stdin.flush()
    answer = server.stdout.readline()
    assert answer, f"the process that programs are forked from ended with {server.wait()}"
    code, output, errors = json.loads(answer)
    return subprocess.CompletedProcess(["python", *words], code, output, errors)


def snakemake(
    folder: Path, *words: str, executable: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `snakemake` with some words in a folder, to its end; jobs by `executable` if given."""
    words = ("-m", "snakemake", *words)
    return python(folder, *words, preloaded=SNAKEMAKE, executable=executable)


def dry_run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `snakemake --dry-run` in a folder; what it prints is in `stdout`, errors too."""
    done = snakemake(folder, "--dry-run", *words)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout + done.stderr, "")


@functools.cache
def _server(preloaded: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.forks", *preloaded]
    pipe = subprocess.PIPE
    environment = os.environ | {"OMP_NUM_THREADS": "1"}  # which PyTorch reads when it is imported
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True
    )
    atexit.register(server.communicate)
    return server


def preload(names: Sequence[str]) -> None:
    """Import what programs need; nothing of this project, whose code is that of their folder.

    So PyTorch is kept from loading the entry point of the project that is installed.
    """
    before = os.environ.copy()
    os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"
    for name in names:
        importlib.import_module(name)
    os.environ.clear()
    os.environ.update(before)
    assert not [name for name in sys.modules if name.split(".")[0] == "sau"]


def _serve(preloaded: Sequence[str]) -> None:
    preload(preloaded)
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            child = os.fork()
            if not child:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(output.fileno(), 1)
                os.dup2(errors.fileno(), 2)
                if asked["executable"]:
                    sys.executable = asked["executable"]
                os._exit(run_here(asked["folder"], asked["words"], asked["environment"]))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            said = []
            for file in (output, errors):
                file.seek(0)
                said.append(file.read().decode())
            print(json.dumps([code, *said]), flush=True)


def run_here(folder: str, words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do in this process what `python` with some words does in a folder; return the exit code."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    given = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    # Where Python looks first: the folder, or that of the file.
    is_module = words[0] == "-m"
    sys.path[:1] = [folder if is_module else os.path.dirname(words[0]), *given]  # noqa: PTH120
    sys.argv = list(words[1:] if is_module else words)
    code: object = 1
    try:
        if is_module:
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(words[0], run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return _as_number(code)


def _as_number(code: object) -> int:
    """Return the exit code that Python makes of what `sys.exit` was given."""
    if isinstance(code, str):
        print(code, file=sys.stderr, flush=True)
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    _serve(sys.argv[1:])
