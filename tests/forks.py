"""Dry runs of Snakemake, each in a process forked from one that has imported Snakemake already.

Half of a dry run's time is Snakemake's own imports. Nothing of this project is imported before the
fork, so each dry run reads the rules and the package of the folder that it runs in, as
`python -m snakemake` there does.

python -m tests.workflow.dry_runs: the process to fork from. A line of JSON on its standard input
asks for a run, and a line of JSON on its standard output answers.
"""

import atexit
import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.paths import ROOT

PRELOADED = ("snakemake.cli", "snakemake.report.html_reporter", "snakemake.storage", "jsonschema")


def dry_run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `snakemake --dry-run` in a folder; what it prints is in `stdout`, errors too."""
    command = ["--dry-run", *words]
    asked = {"folder": os.fspath(folder), "words": command, "environment": dict(os.environ)}
    server = _server()
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps(asked) + "\n")
    server.stdin.flush()
    answer = server.stdout.readline()
    assert answer, f"the process that dry runs are forked from ended with {server.wait()}"
    code, output = json.loads(answer)
    return subprocess.CompletedProcess(["snakemake", *command], code, output, "")


@functools.cache
def _server() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.workflow.dry_runs"]
    pipe = subprocess.PIPE
    server = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    atexit.register(server.communicate)
    return server


def _serve() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.split(".")[0] == "sau"]
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as output:
            child = os.fork()
            if not child:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                os._exit(_snakemake(asked["folder"], asked["words"], asked["environment"]))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            output.seek(0)
            print(json.dumps([code, output.read().decode()]), flush=True)


def _snakemake(folder: str, words: Sequence[str], environment: Mapping[str, str]) -> int:
    import snakemake.cli

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["snakemake", *words]
    code: object = 1
    try:
        code = snakemake.cli.main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    _serve()
