"""How images become what a trained network sees, and how it is asked: part of a saved model."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from sau.core.errors import ArgumentError
from sau.engine.loop import Run
from sau.settings.section import Section
from sau.views import Normalisation, TestViews, ViewOptions, ViewSet

_Pixels = Annotated[int, Field(gt=0, le=2**16)]
_Side = Annotated[list[_Pixels], Field(min_length=2, max_length=2)]
_Mean = Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=3, max_length=3)]
_Std = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=3, max_length=3)]


class Preprocessing(Section):
    """What is done to an image before the network, and to its scores after.

    An image is brought to `size` as the dataset stage does it: the shorter side resized with
    Lanczos, the centre cut out. Then come the views for testing (see `sau.views.test_view`).
    """

    size: _Side = Field(description="height and width of the images that it was trained on")
    mean: _Mean = Field(description="of each colour channel, 0 to 1, to normalise with")
    std: _Std = Field(description="likewise, the standard deviation")
    view_set: ViewSet = Field(description="kind of views, see training.view_set")
    crop_size: _Pixels | None = Field(description="side of the centre view, see training")
    test_views: TestViews = Field(description="whose probabilities are averaged, see training")
    precision: str = Field(
        pattern="^(float32|bfloat16)$", description="of the forward pass, see training.precision"
    )

    @classmethod
    def of_run(cls, run: Run) -> Self:
        """Return that of a run, as its test images were classified."""
        colours = run.views.normalisation
        return cls(
            size=list(run.phases[0].data.images.size),
            mean=list(colours.mean),
            std=list(colours.std),
            view_set=run.views.view_set,
            crop_size=run.views.crop_size,
            test_views=run.settings.test_views,
            precision=str(run.network.precision).removeprefix("torch."),
        )

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Return what `to_mapping` made JSON of.

        Raises:
            ArgumentError: no object, an entry that is missing or unknown, or a bad value.
        """
        if not isinstance(values, Mapping):
            raise ArgumentError("no object")
        values = dict(values)
        if isinstance(values.get("test_flip"), bool):  # in place of it in models of early versions
            values = {"test_views": "flip" if values.pop("test_flip") else "whole"} | values
        missing = [name for name in cls.model_fields if name not in values]
        if missing:
            raise ArgumentError(f"lacks {', '.join(missing)}")
        return cls.from_mapping(values)

    def views(self) -> ViewOptions:
        """Return the options of the views for testing."""
        (red, green, blue), (red_std, green_std, blue_std) = self.mean, self.std
        normalisation = Normalisation((red, green, blue), (red_std, green_std, blue_std))
        return ViewOptions(normalisation, view_set=self.view_set, crop_size=self.crop_size)
