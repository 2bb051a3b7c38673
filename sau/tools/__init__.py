"""Commands beside the stages: to begin, to use what was trained, and to look at images."""

import dataclasses
import importlib
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Tool:
    """One command that is no stage: a few words on the command line, a module and a function.

    The module and its function are called like the words, with `_` between them and for `-`; as
    those of a stage, its flags are the function's parameters.
    """

    name: str
    summary: str

    def load(self) -> Callable[..., None]:
        """Import and return the tool's function."""
        name = self.name.replace(" ", "_").replace("-", "_")
        function: Callable[..., None] = getattr(importlib.import_module(f"sau.tools.{name}"), name)
        return function


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("init", "look at a folder of images, and write a config that fits"),
        Tool("doctor", "say what this machine has, and what will not work"),
        Tool("plan", "say what a run will draw, train, store and pay, and how long it takes"),
        Tool("cross-validate", "run all folds, and pool their test images"),
        Tool("sweep", "run each value of one setting, or named changes, and compare them"),
        Tool("status", "say what is done, what runs, and what failed and why"),
        Tool("predict", "classify images with a trained network"),
        Tool("evaluate", "measure a trained network on new images of known classes"),
        Tool(
            "export", "write a trained network for other programs: onnx, torch, timm, huggingface"
        ),
        Tool("publish images", "write the kept images as a data set, and push it to the Hub"),
        Tool("quality", "measure the kept images against the real ones, class by class"),
        Tool("compare", "put two results folders side by side"),
        Tool("fetch glide", "download GLIDE's published checkpoints"),
        Tool("convert glide", "turn them into diffusers' format"),
        Tool("score sheet", "show the best and worst images of each class by score"),
        Tool("sample", "draw pictures of your own prompts on one sheet"),
    )
}
