"""The stages, in the order in which data flows through them."""

import dataclasses
import importlib
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Stage:
    """One step of the pipeline: a sub-command, a Snakemake rule and a function of one name.

    Attributes:
        name: of all three.
        package: its folder in `sau.pipeline`.
        summary: what it does, in a few words.
        has_large_tensors: whether its process keeps the memory that these leave.
    """

    name: str
    package: str
    summary: str
    has_large_tensors: bool = False

    def load(self) -> Callable[..., None]:
        """Import and return the stage's function."""
        module = importlib.import_module(f"sau.pipeline.{self.package}.stage")
        function: Callable[..., None] = getattr(module, self.name)
        return function


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("dataset", "dataset", "bring the real images into one table"),
        Stage("prompts", "prompts", "write the texts to generate images from"),
        Stage("rounds", "rounds", "count the images that a round of generation draws"),
        Stage(
            "personalise",
            "personalise",
            "teach the generator what each class looks like",
            has_large_tensors=True,
        ),
        Stage(
            "images",
            "images",
            "generate or import one shard of synthetic images",
            has_large_tensors=True,
        ),
        Stage("scores", "scores", "score one shard of images against their texts with CLIP"),
        Stage("filter", "filter", "decide which synthetic images may be trained on"),
        Stage("gallery", "gallery", "show real, kept and rejected images on one page"),
        Stage("subset", "subset", "cut the long tail of real images"),
        Stage("complement", "complement", "fill the long tail with synthetic images"),
        Stage("training", "training", "train one network", has_large_tensors=True),
        Stage("influence", "influence", "say which synthetic images help", has_large_tensors=True),
        Stage("evaluation", "evaluation", "measure one trained network on the test set"),
        Stage("report", "report", "report the runs of one imbalance factor"),
        Stage("overview", "report", "report all runs, and the summary table"),
    )
}
