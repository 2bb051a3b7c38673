"""Snakemake that asks a cluster for its jobs each second.

SLURM's plugin waits ten seconds longer after each time that no job had ended, for the cluster's
sake; a test would sleep most of its time. All else is Snakemake's own.

python impatient.py FLAG...
"""

import asyncio

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def sleep(executor: RemoteExecutor) -> None:
    """Wait until jobs are asked for again."""
    await asyncio.sleep(1)


if __name__ == "__main__":
    RemoteExecutor.sleep = sleep
    main()
