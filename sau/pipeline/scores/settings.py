"""Settings of the scores stage."""

from typing import ClassVar, Literal

from sau.core.errors import UserError
from sau.settings.paths import PathText
from sau.settings.section import Section, setting
from sau.templates.template_sets import CLIP_80, SETS, check_templates
from sau.templates.templates import check_template


class ScoresSettings(Section):
    """Which CLIP tells how well an image fits its texts."""

    section: ClassVar[str] = "scores"

    scorer: Literal["open_clip", "none"] = setting(
        "open_clip",
        "open_clip, or none: images are measured but not scored, and the report says so",
    )
    model: PathText = setting(
        "tiny-clip",
        "open_clip model name, such as ViT-B-32 or ViT-L-14, a folder in the format of open_clip "
        "or transformers, or the shipped tiny-clip (docs/scores.md)",
    )
    pretrained: PathText = setting("", "open_clip's tag or local checkpoint; empty for a folder")
    trained_as: str = setting(
        "",
        "of a local checkpoint: open_clip's tag of the same model whose preprocessing and "
        "activation it has; needed where tags differ (docs/scores.md)",
    )
    template: str = setting(
        "A photo of {article} {name}.", "text of an image that comes without a prompt"
    )
    class_templates: list[str] = setting(
        [CLIP_80],
        "sentences about a class, whose mean is the class's text: {name} stands for the class name "
        f"and {{article}} for a or an; or the name of a published set: {', '.join(SETS)}",
    )
    classifiers: list[PathText] = setting(
        [],
        "folders of networks that the training stage wrote, trained on this data set's training "
        "images: how sure they are of each image, and whether they agree with its class, stands "
        "beside CLIP's figures (docs/scores.md)",
    )
    precision: Literal["float32", "bfloat16"] = setting(
        "float32", "of the model's matrix products; cosines are computed in float32"
    )
    batch_size: int = setting(256, "images, or texts, embedded at once", minimum=1)
    device: Literal["cpu", "cuda"] = setting("cpu", "where to score")
    threads: int = setting(1, "CPU threads of the model", minimum=1)
    decode_workers: int = setting(
        0,
        "processes that decode images ahead of the model; 0: a thread, enough on a CPU",
        minimum=0,
        affects_result=False,
    )

    def check(self) -> None:
        """Check the templates, and that no classifier counts twice."""
        check_template(self.template, "scores.template")
        if not self.class_templates:
            raise UserError(
                "scores.class_templates: empty; give at least one sentence with {name}, "
                f"or {CLIP_80}"
            )
        check_templates(self.class_templates, "scores.class_templates")
        if len(set(self.classifiers)) != len(self.classifiers):
            raise UserError(f"scores.classifiers: {self.classifiers} names a folder twice")
