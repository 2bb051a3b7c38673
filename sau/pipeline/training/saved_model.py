"""The folder of a trained network: its last weights, those chosen by validation images, and others
of earlier epochs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from sau.assets.validated import VALIDATION
from sau.engine.loop import Run
from sau.engine.prediction import predict
from sau.engine.preprocessing import Preprocessing
from sau.engine.state import RunState
from sau.networks.saved import OF_EPOCH, contiguous_state
from sau.storage.folders import new_folder
from sau.storage.manifest.schemas import BEST_ON_VALIDATION, LAST


def validation_facts(state: RunState, run: Run) -> dict[str, Any]:
    """Return how many validation images of each class there are, and how many are right in the end.

    Nothing where there are none.
    """
    if run.validation is None:
        return {}
    shown = run.settings.test_views
    found = predict(run.averager.tested(), run.validation, run.views, state.epoch, shown=shown)
    labels = run.validation.labels.cpu()
    right = labels[found.predicted == labels]
    classes = run.network.config.classes
    counts = {"images": labels, "right": right}
    return {
        VALIDATION: {
            name: torch.bincount(each, minlength=classes).tolist() for name, each in counts.items()
        }
    }


def write_model(folder: Path, state: RunState, run: Run, made_of: Mapping[str, Any]) -> None:
    """Write the tested network; in folders within it that of the epoch that validation images have
    chosen, `best_on_validation`, and those of earlier epochs, `epoch-3` and the like, if any.

    Args:
        folder: where to; what stood there before is replaced.
        state: of the whole run.
        run: its network, and how images were prepared for it.
        made_of: provenance, with the class names.

    Raises:
        UserError: the folder cannot be written.
    """
    network = run.averager.tested()
    facts = {
        "class_names": made_of["class_names"],
        "preprocessing": Preprocessing.of_run(run).to_mapping(),
        "provenance": dict(made_of),
    }
    with new_folder(folder, replace=True) as temporary:
        last = {"selection": LAST, "epoch": state.epoch, **validation_facts(state, run)}
        network.write_pretrained(temporary, contiguous_state(network), **facts, **last)
        if state.best_on_validation is not None:
            best = {"selection": BEST_ON_VALIDATION, "epoch": state.best_on_validation.epoch}
            inside = temporary / BEST_ON_VALIDATION
            inside.mkdir()
            network.write_pretrained(inside, state.best_weights, **facts, **best)
        for epoch, weights in state.snapshots.items():
            if epoch < state.epoch:
                inside = temporary / f"{OF_EPOCH}{epoch}"
                inside.mkdir()
                network.write_pretrained(inside, weights, **facts, epoch=epoch)
