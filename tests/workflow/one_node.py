"""A SLURM of one node, of this user's own, for the time of a block."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
SETTINGS = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=5
MpiDefault=none
ReturnToService=2
MinJobAge=3600
KillWait=5
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def find_programs() -> dict[str, str]:
    """Return the paths of SLURM's and MUNGE's programs, as far as they are installed."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
    found = {name: shutil.which(name, path=path) for name in PROGRAMS}
    return {name: place for name, place in found.items() if place}


@contextmanager
def one_node(folder: Path, cpus: int, memory: int) -> Iterator[dict[str, str]]:
    """Start MUNGE, SLURM's controller and one node; yield the environment in which they are found.

    Args:
        folder: for sockets, logs and state; its path must be short, as a socket's must.
        cpus: of the node, whatever this machine has.
        memory: of the node, MiB.
    """
    programs = find_programs()
    host = socket.gethostname().split(".")[0]
    values = {"host": host, "folder": folder, "user": _user(), "cpus": cpus, "memory": memory}
    ports = {name: _free_port() for name in ("controller_port", "node_port")}
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    (folder / "slurm.conf").write_text(SETTINGS.format(**values, **ports))
    # A device that is there stands for the GPU: SLURM counts it, and nothing opens it.
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    munge = [f"--{name}={folder}/munge.{name}" for name in ("socket", "log-file", "pid-file")]
    munge += [f"--seed-file={folder}/munge.seed", f"--key-file={key}", "--force", "--foreground"]
    commands = [
        [programs["munged"], *munge],
        [programs["slurmctld"], "-D", "-L", str(folder / "slurmctld.log")],
        [programs["slurmd"], "-D", "-L", str(folder / "slurmd.log")],
    ]
    with ExitStack() as stack:
        for command in commands:
            stack.enter_context(_running(command, environment, folder))
            if command[0] == programs["munged"]:
                _wait_for((folder / "munge.socket").exists, folder)
        _wait_for(lambda: _is_idle(environment), folder)
        wrapper = _srun_that_knows(environment["SLURM_CONF"], programs["srun"], folder)
        yield environment | {"PATH": f"{wrapper.parent}:{environment['PATH']}"}


@contextmanager
def _running(command: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    with (folder / "output.log").open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _srun_that_knows(settings: str, srun: str, folder: Path) -> Path:
    """Return an `srun` of this cluster: Snakemake's plugin starts it without SLURM_CONF."""
    wrapper = folder / "bin" / "srun"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={settings} exec {srun} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


def _is_idle(environment: dict[str, str]) -> bool:
    words = ["sinfo", "--noheader", "--format", "%T"]
    found = subprocess.run(words, env=environment, capture_output=True, text=True)
    return found.stdout.strip() == "idle"


def _wait_for(condition, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        logs = "\n".join(path.read_text() for path in sorted(folder.glob("*.log")))
        assert time.monotonic() < deadline, f"SLURM did not start:\n{logs[-5000:]}"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name
