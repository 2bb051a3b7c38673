"""Settings of a second phase of training."""

from typing import Any, Literal

from pydantic import PositiveInt

from sau.engine.setting_checks import check_options, check_schedule
from sau.methods.described import described_options
from sau.methods.names import DataName, MethodName
from sau.settings.section import Section, setting


class SecondStage(Section):
    """A second phase of training on the first one's network; with keys of its own."""

    method: MethodName = setting("cross_entropy", "what is minimised")
    options: dict[str, Any] = setting({}, "the method's own options, as a mapping")
    data: DataName = setting("real", "the long-tailed real images alone, or the balanced set")
    epochs: int = setting(10, "passes over the stage's images", unit="epochs", minimum=1)
    learning_rate: float = setting(0.001, "at the phase's start", above=0)
    weight_decay: float = setting(5e-3, "of what decays in the first phase too", minimum=0)
    batch_size: int | None = setting(
        None, "images of a batch; null: as in the first phase", unit="images", minimum=2
    )
    schedule: Literal["cosine", "linear", "step"] = setting("cosine", "of the learning rate")
    step_epochs: list[PositiveInt] = setting(
        [], "epochs of the stage after which the rate falls", only_with={"schedule": "step"}
    )
    step_factor: float = setting(
        0.1,
        "what the rate is multiplied with each time",
        above=0,
        maximum=1,
        only_with={"schedule": "step"},
    )
    warmup_epochs: int = setting(
        0, "epochs in which the rate rises linearly", unit="epochs", minimum=0
    )
    sharpness_radius: float | None = setting(
        None, "rho of sharpness-aware minimisation; null: as in the first phase", minimum=0
    )
    trained: Literal["all", "classifier"] = setting(
        "all", "what learns: all of the network, or its classifier on a frozen encoder"
    )

    def check(self) -> None:
        """Check the method's own options, and that no setting is without effect."""
        self.method_options()
        check_schedule(self)
        check_options(self)

    def method_options(self) -> Section:
        """Return the options of the method, checked; made without loading torch."""
        with self.naming("options."):
            return described_options(self.method).from_mapping(self.options)
