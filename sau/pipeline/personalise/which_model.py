"""The model that learns, by the settings that name it."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import torch

    from sau.pipeline.personalise.model import Model

KEY = "images.model"
"""The setting that names the model."""


class WhichModel(NamedTuple):
    """Which model learns: its kind, its folder or name, and of a name its revision."""

    source: Literal["glide", "diffusers"]
    name: str
    revision: str = ""

    def folder(self) -> Path:
        """Return its folder.

        Raises:
            UserError: there is none, or it holds no pipeline.
        """
        from sau.assets.pipeline_folder import diffusers_folder, with_a_pipeline
        from sau.assets.shipped import model_folder

        if self.source == "glide":
            return with_a_pipeline(model_folder(self.name, KEY), KEY)
        return diffusers_folder(self.name, self.revision, KEY)

    def load(self, folder: Path, device: "torch.device") -> "Model":
        """Load it from its folder, frozen, in float32.

        Raises:
            UserError: a model of another kind.
        """
        if self.source == "glide":
            from sau.pipeline.personalise.glide import load_glide

            return load_glide(folder, device, KEY)
        from sau.pipeline.personalise.latent_diffusion import load_latent_diffusion

        return load_latent_diffusion(folder, device, KEY)
