"""How long the generator's learning takes here, by a few steps of it."""

import tempfile
import time
from pathlib import Path

from PIL import Image

from sau.core.errors import UserError
from sau.device.gpus import reserved_device
from sau.device.repeatable import repeatable
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.personalise.learn import Subject, learn
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalise.which_model import WhichModel
from sau.pipeline.personalise.words import Words
from sau.tools.plan.probe import Cost, seconds_of, seconds_of_imports

_FEW, _MORE = 1, 3
"""Steps of two learnings: the difference of their times is that of the steps between."""

_MODULES = {"glide": "glide", "diffusers": "latent_diffusion"}
"""What a job of the personalise stage imports before it learns, besides what learns."""


def cost_of_learning(settings: PersonaliseSettings, images: ImagesSettings, name: str) -> Cost:
    """Return the seconds of learning: a job until it learns, and one step, on plain images.

    Args:
        settings: of the section; something is learned.
        images: which model learns.
        name: of a class.

    Raises:
        UserError: no such model, or one that does not learn.
    """
    if images.source == "imported" or images.source == "none":
        raise UserError(f"images.source: {images.source}, so there is no model that could learn")
    own = _MODULES[images.source]
    modules = [f"sau.pipeline.personalise.{module}" for module in ("learn", own)]
    start = seconds_of_imports(modules)
    pictures = [lambda: Image.new("RGB", (64, 64))] * settings.batch_size
    subject = Subject(Words(name, "a", name), pictures)
    with (
        reserved_device(settings.device, "personalise.device") as device,
        repeatable(settings.threads),
        tempfile.TemporaryDirectory() as folder,
    ):
        before = time.perf_counter()
        which = WhichModel(images.source, images.model, images.revision)
        model = which.load(which.folder(), device)
        start += time.perf_counter() - before

        def seconds(steps: int) -> float:
            few = settings.replace(steps=steps)
            output = Path(folder) / f"{steps}.safetensors"
            return seconds_of(lambda: learn(model, [subject], few, name, output, lambda _: None))

        seconds(_FEW)  # the first time is slower
        few, more = seconds(_FEW), seconds(_MORE)
    return Cost(start, max(more - few, 0.0) / (_MORE - _FEW))
