"""One process at a time asks for a store's answers: two would both pay for the same."""

from collections.abc import Iterator
from contextlib import contextmanager

from sau.pipeline.prompts.llm.store import AnswerStore
from sau.storage.lock import locked
from sau.storage.waiting import waited_for

PATIENCE = 20.0
"""Seconds: a process whose Snakemake was killed ends within some, and leaves its answers."""


@contextmanager
def alone_with(store: AnswerStore, patience: float = PATIENCE) -> Iterator[None]:
    """Let no other process add answers to a store within the block, which sees all there are.

    Args:
        store: is read again, as another process may have added answers.
        patience: seconds to wait for another process that is there.

    Raises:
        UserError: it is still there then, which the message names, or no file can be written.
    """
    with waited_for(lambda: locked(store.path), patience):
        store.read_again()
        yield
