"""The trained network that a run starts from, if its settings name one."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sau.assets.trained_model import TrainedModel
from sau.engine.build import RunData
from sau.engine.start_from import Start
from sau.pipeline.training.settings import TrainingSection

KEY = "training.start_from"


@dataclasses.dataclass(frozen=True)
class StartingPoint:
    """A trained model, and the names of the run's classes, in label order."""

    model: TrainedModel
    class_names: Sequence[str]

    def facts(self) -> dict[str, Any]:
        """Return what provenance says of it, as JSON values."""
        return {"start_from": {"weights_sha256": self.model.weights_sha256}}

    def start(self) -> Start:
        """Return the network, and which of its classes are the run's."""
        theirs, ours = self.model.class_names, list(self.class_names)
        are_same = len(set(theirs)) == len(theirs) and sorted(theirs) == sorted(ours)
        places = [theirs.index(name) for name in ours] if are_same else None
        return Start(str(self.model.folder), self.model.network, places)

    def normalised(self, data: RunData) -> RunData:
        """Return the data with the mean and the standard deviation that the network knows."""
        views = self.model.preprocessing.views()
        return dataclasses.replace(data, normalisation=views.normalisation)


def starting_point(settings: TrainingSection, class_names: Sequence[str]) -> StartingPoint | None:
    """Return what a run starts from; None for random or published weights.

    Raises:
        UserError: there is no such model.
    """
    if not settings.start_from:
        return None
    return StartingPoint(TrainedModel.load(Path(settings.start_from), KEY), class_names)
