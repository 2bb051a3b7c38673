"""Settings of the personalise stage."""

from typing import ClassVar, Literal

from sau.settings.section import Section, setting
from sau.templates.templates import check_template, fill

_LEARNED = {"method": ("textual-inversion", "lora")}
_INVERSION = {"method": "textual-inversion"}
_LORA = {"method": "lora"}
_SHARED = {"method": "lora", "lora_for": "all-classes"}


class PersonaliseSettings(Section):
    """What the generator learns of each class from its real training images, if anything."""

    section: ClassVar[str] = "personalise"

    method: Literal["none", "textual-inversion", "lora"] = setting(
        "none",
        "what is learned for each class: nothing, an embedding that stands for its name, or LoRA "
        "weights of the denoising network",
    )
    shards: int = setting(
        1,
        "folders that the classes are spread over; each is one job",
        minimum=1,
        maximum=10_000,
        only_with=_LEARNED,
    )
    template: str = setting(
        "A photo of {article} {name}.",
        "text that the images of a class are learned with; {name} is what its prompts call it, "
        "{article} a or an",
        only_with=_LEARNED,
    )
    vectors: int = setting(
        1, "vectors of an embedding", minimum=1, maximum=64, only_with=_INVERSION
    )
    rank: int = setting(4, "of the LoRA matrices", minimum=1, only_with=_LORA)
    lora_for: Literal["each-class", "all-classes"] = setting(
        "each-class",
        "whether each class learns weights of its own, or all together one set, from the images of "
        "all, each with the text of its class",
        only_with=_LORA,
    )
    sampling: Literal["instance-balanced", "class-balanced"] = setting(
        "instance-balanced",
        "of all classes' images: a step draws each image as often as any other, or each class",
        only_with=_SHARED,
    )
    text_dropout: float = setting(
        0.0,
        "share of a step's images that are learned with the empty text, from which guidance leads "
        "away: above 0 it learns what the images have in common, too; 0.1 is usual",
        minimum=0,
        below=1,
        only_with=_LORA,
    )
    steps: int = setting(
        1000,
        "of learning, for each class, or in all where all classes learn together",
        unit="steps",
        minimum=1,
        only_with=_LEARNED,
    )
    batch_size: int = setting(
        4,
        "images of a step, drawn from those that are learned from",
        unit="images",
        minimum=1,
        only_with=_LEARNED,
    )
    learning_rate: float = setting(
        5e-4, "of AdamW, constant", above=0, maximum=10, only_with=_LEARNED
    )
    device: Literal["cpu", "cuda"] = setting(
        "cpu", "where to learn; never changed silently", only_with=_LEARNED
    )
    threads: int = setting(
        1,
        "CPU threads; part of the result's identity, sums depend on it",
        minimum=1,
        only_with=_LEARNED,
    )
    seed: int = setting(
        0,
        "each class's own random numbers derive from this and its name",
        minimum=0,
        only_with=_LEARNED,
    )
    checkpoint_every: int = setting(
        100,
        "steps between checkpoints, from which a killed job goes on",
        unit="steps",
        minimum=1,
        affects_result=False,
        only_with=_LEARNED,
    )

    def check(self) -> None:
        """Check that the text names the class, and once alone, and that shared weights are one."""
        if self.learns_together() and self.shards > 1:
            raise self.error(
                "shards", f"{self.shards}, but lora_for all-classes learns once; set it to 1"
            )
        check_template(self.template, self.path("template"))
        if fill(self.template, "\0").count("\0") != 1:
            raise self.error(
                "template", f"{self.template!r} must have {{name}} once: one word is learned"
            )

    def learns_together(self) -> bool:
        """Return whether all classes have one set of weights."""
        return self.method == "lora" and self.lora_for == "all-classes"
