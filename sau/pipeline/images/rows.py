"""Rows of the images manifest, from prompts and what was drawn for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from PIL import Image

from sau.core.random_streams import derive_seed
from sau.pipeline.images.image_generator import Drawn
from sau.pipeline.images.settings import ImagesSettings
from sau.sources.decode import encode_png
from sau.sources.resize import resize
from sau.storage import manifest
from sau.storage.manifest.schemas import STATUS_FAILED, STATUS_OK

COLUMNS = ("id", "label", "prompt", "seed", "guide", "guide_sha256")
"""Of an images manifest: what a row says of its task."""

EMPTY_PROMPT = "the prompt is empty"
NAMELESS_PROMPT = "the prompt does not name the class, for whose name its embedding stands"
TAKEN_WORD_PROMPT = "the prompt holds <class-, which stands for the names of classes"


@dataclass(frozen=True)
class Task:
    """One picture to draw.

    Attributes:
        place: in the shard.
        id, label, prompt, seed: what its row says.
        class_name: as the prompt has it.
        number: within its class, from 0.
        guide, guide_sha256: what its row says of the image that it starts from; None: noise.
    """

    place: int
    id: str
    label: int
    prompt: str
    seed: int
    class_name: str = ""
    number: int = 0
    guide: str | None = None
    guide_sha256: str | None = None


def tasks_of(prompts: Sequence[Mapping[str, Any]], settings: ImagesSettings) -> list[Task]:
    """Return a task for each of these rows of `rows_to_draw`, in their order."""
    return [
        Task(
            place=place,
            id=f"synthetic/{row['id']}",
            label=row["label"],
            prompt=row["prompt"],
            seed=derive_seed("images", settings.seed, row["id"]),
            class_name=row["class_name"],
            number=row["number"],
        )
        for place, row in enumerate(prompts)
    ]


def images_rows(tasks: list[Task], drawn: list[Drawn], image_size: int | None) -> pa.Table:
    """Return rows of the images manifest.

    Args:
        tasks: one for each row.
        drawn: what came of each.
        image_size: side in pixels that pictures are resized to (Lanczos); None leaves them.
    """
    rows = [_row(task, one, image_size) for task, one in zip(tasks, drawn, strict=True)]
    return pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])


def _row(task: Task, drawn: Drawn, image_size: int | None) -> dict[str, Any]:
    row = {name: getattr(task, name) for name in COLUMNS}
    if drawn.pixels is None:
        return {**row, "status": STATUS_FAILED, "reason": drawn.reason}
    picture = resize(Image.fromarray(drawn.pixels), image_size)
    return {
        **row,
        "image": {"bytes": encode_png(picture), "path": None},
        "width": picture.width,
        "height": picture.height,
        "status": STATUS_OK,
        "reason": None,
    }
