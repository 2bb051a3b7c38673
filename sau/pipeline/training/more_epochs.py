"""Runs to which epochs are added: which checkpoint is gone on from, and what is said if none is."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sau.engine.more_epochs import why_not_more_epochs
from sau.engine.settings import TrainingSettings
from sau.networks.saved import CONFIG_FILE

logger = logging.getLogger(__name__)

_INSTEAD = "to train on from the weights that are there, set training.start_from to a copy of {}"


def without_epochs(made_of: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a run's making without the number of epochs."""
    settings = {name: value for name, value in made_of["settings"].items() if name != "epochs"}
    return {**made_of, "settings": settings}


def why_not_here(about: Mapping[str, Any], settings: TrainingSettings) -> str:
    """Return why a run does not go on from a checkpoint that differs in the epochs' number alone.

    Args:
        about: what the checkpoint says of itself.
        settings: of the run.

    Returns: empty if it goes on.
    """
    before, now, done = about["epochs"], settings.total_epochs(), about["epoch"]
    what = f"a run of {before} epochs, now {now}, begins again"
    obstacle = why_not_more_epochs(settings)
    if obstacle:
        return f"{what}: {obstacle}"
    if done > now:
        return f"{what}: {done} epochs are trained already"
    if done == before and done % settings.evaluate_every:
        return (
            f"{what}: it was measured after epoch {done}, its last, which with evaluate_every "
            f"{settings.evaluate_every} the longer run does not"
        )
    return ""


def say_why_anew(
    former: Path, made_of: Mapping[str, Any], settings: TrainingSettings, model: Path
) -> None:
    """Say in one line that a finished run is not gone on from, where only its epochs were raised.

    Args:
        former: the folder of the model of the run that was finished here before, if any.
        made_of: the record of this run's making.
        settings: of this run.
        model: where its model will lie.
    """
    try:
        made = json.loads((former / CONFIG_FILE).read_text(encoding="utf-8"))["provenance"]
        before = int(made["settings"]["epochs"])
        same = all(
            without_epochs(made)[key] == without_epochs(made_of)[key]
            for key in ("settings", "inputs")
        )
    except (OSError, ValueError, LookupError, TypeError):
        return
    if not same or before >= settings.epochs:
        return
    obstacle = why_not_more_epochs(settings)
    why = obstacle or "its checkpoint was not kept (training.keep_checkpoint)"
    logger.warning(
        "a finished run of %d epochs is not gone on from: %s; %s",
        before,
        why,
        _INSTEAD.format(model),
    )
