"""Trained networks whose settings the configuration no longer has are not replaced unasked."""

from collections.abc import Mapping
from pathlib import Path

from sau.core.errors import UserError
from sau.engine.settings import TrainingSettings
from sau.run.changed_settings import changed_settings

FLAG = "--config 'experiment={replace_runs: true}'"
"""What lets a run replace them; `sau run --replace` is the same."""

_NAMED = 5
"""So many runs are named in a sentence; the rest are counted."""


def refuse_replacing(runs: Mapping[Path, TrainingSettings]) -> None:
    """Refuse to train runs again that are there with other settings.

    Args:
        runs: predictions of the runs that are about to be trained, be they there or not, each with
            its settings in the configuration.

    Raises:
        UserError: there are such runs; which, what differs, and what to do.
    """
    replaced = runs_to_replace(runs)
    if replaced:
        raise UserError(f"{_said(replaced)}; {_ADVICE}")


def warning_of_replacing(runs: Mapping[Path, TrainingSettings]) -> str:
    """Return in a line what `refuse_replacing` would refuse; nothing if that is nothing."""
    replaced = runs_to_replace(runs)
    return f"{_said(replaced)}; without {FLAG} they are refused" if replaced else ""


def runs_to_replace(runs: Mapping[Path, TrainingSettings]) -> dict[Path, list[str]]:
    """Return the runs that were trained with other settings, each with what differs.

    Args:
        runs: predictions of runs, be they there or not, each with its settings.

    Returns: for each such run, words such as `epochs: 14, now 20`.
    """
    changes = {path: changed_settings(path, settings) for path, settings in runs.items()}
    return {path: changed for path, changed in changes.items() if changed}


_ADVICE = (
    "to keep them, name another experiment.results, or another key for the row in training.runs; "
    f"to replace them, add {FLAG}"
)


def _said(replaced: Mapping[Path, list[str]]) -> str:
    """Name the first few runs and what differs, and count the others."""
    named = [
        f"{path.parent} ({', '.join(changed)})" for path, changed in list(replaced.items())[:_NAMED]
    ]
    more = f", and {len(replaced) - _NAMED} more" if len(replaced) > _NAMED else ""
    runs = f"{len(replaced)} trained {'run' if len(replaced) == 1 else 'runs'}"
    return f"{runs} would be replaced, as training has other settings now: {', '.join(named)}{more}"
