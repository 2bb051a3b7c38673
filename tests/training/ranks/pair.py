"""Two processes that do the same thing at the same time, as `torchrun` would start them."""

import multiprocessing
import os
import socket
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import torch
import torch.distributed as dist

from sau.device.ranks import Ranks, find_ranks, process_group

SIZE = 2
PATIENCE = 600
"""Seconds until a task counts as hanging."""


class Pair:
    """Two processes, started once for many tests, that run functions handed to them."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connections: list[Connection] = []
        self.processes = []
        for rank in range(SIZE):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(rank, there), daemon=True)
            process.start()
            self.connections.append(here)
            self.processes.append(process)

    def run(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> list[Any]:
        """Return what `function` returns in each process; it must have a name in a module."""
        port = _free_port()
        for connection in self.connections:
            connection.send((function, arguments, named, port))
        answers = []
        for rank, connection in enumerate(self.connections):
            assert connection.poll(PATIENCE), f"process {rank} hangs"
            answers.append(connection.recv())
        problems = [problem for problem, _ in answers if problem]
        assert not problems, "\n".join(problems)
        return [value for _, value in answers]

    def in_group(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Do as `run` does, with `Ranks` before the arguments and a process group around."""
        return self.run(_in_group, function, *arguments)

    def end(self) -> None:
        """End both processes."""
        for connection in self.connections:
            connection.send(None)
        for process in self.processes:
            process.join(PATIENCE)


def _in_group(function: Callable[..., Any], *arguments: Any) -> Any:
    ranks = find_ranks(SIZE)
    with process_group(ranks, torch.device("cpu")):
        return function(ranks, *arguments)


def _serve(rank: int, connection: Connection) -> None:
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(SIZE)}
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    while (task := connection.recv()) is not None:
        function, arguments, named, port = task
        os.environ["MASTER_PORT"] = str(port)
        try:
            connection.send(("", function(*arguments, **named)))
        except BaseException:
            # Whatever it is, the test should see it, and the next one should find two processes.
            if dist.is_initialized():
                dist.destroy_process_group()
            connection.send((traceback.format_exc(), None))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def both(count: int = SIZE) -> list[Ranks]:
    """Return what each of `count` processes is, for tests that need no process."""
    return [Ranks(rank, count, rank) for rank in range(count)]
