"""TensorBoard logs of a run, for those who ask for them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sau.core.errors import UserError
from sau.storage.refused import explained

Recorder = Callable[[int, str, float], None]
"""Takes epoch, name and value."""


@contextmanager
def recorder(folder: Path | None, first_epoch: int) -> Iterator[Recorder]:
    """Yield a function that writes scalars to `folder`, or one that writes nothing if it is None.

    Args:
        folder: of the logs.
        first_epoch: what an earlier, killed run wrote from this epoch on is hidden.

    Raises:
        UserError: tensorboard is not installed.
    """
    if folder is None:
        yield lambda _epoch, _name, _value: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UserError(
            "training.tensorboard: true, but the package tensorboard is not installed; "
            "install it with `pip install tensorboard`, or set training.tensorboard to false"
        ) from error
    with explained(folder, "another results folder, or set training.tensorboard to false,"):
        writer = SummaryWriter(str(folder), purge_step=first_epoch)
    try:
        yield lambda epoch, name, value: writer.add_scalar(name, value, epoch)
    finally:
        writer.close()
