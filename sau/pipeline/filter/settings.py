"""Settings of the filter stage."""

from typing import Any, ClassVar, Literal

from sau.core.errors import UserError
from sau.settings.paths import PathText
from sau.settings.section import Section, setting
from sau.storage.manifest.schemas import CLASSIFIED

UNRELATED_BITS = 16
"""Hashes of unrelated images often differ in no more than about as many bits."""


class FilterSettings(Section):
    """Which scored images may be trained on: rules, each of which rejects images."""

    section: ClassVar[str] = "filter"

    keep_fraction: float = setting(
        0.8,
        "share of each class's readable images to keep, best score first; 1 keeps all",
        above=0,
        maximum=1,
    )
    quota: int | None = setting(
        None,
        "at most so many images of a class, the best of what all other rules keep; null: no limit",
        unit="images",
        minimum=1,
    )
    threshold: float | None = setting(
        None,
        "least score of an image, the same for every class; null: off",
        minimum=-1,
        maximum=1,
    )
    zero_shot: bool = setting(
        False, "keep only the images that CLIP takes for their own class among all of them"
    )
    margin: float | None = setting(
        None,
        "least margin between an image's own class and the nearest other one; null: off",
        minimum=-2,
        maximum=2,
    )
    agreement: float | None = setting(
        None,
        "least share of the classifiers (scores.classifiers) that take an image for its own class; "
        "null: off",
        above=0,
        maximum=1,
    )
    loss: float | None = setting(
        None,
        "greatest loss of the classifiers on an image, nats: what shows something else is "
        "rejected; null: off",
        above=0,
    )
    entropy: float | None = setting(
        None,
        "least entropy of the classifiers on an image, nats: what they are sure of, and so learn "
        "little from, is rejected; null: off",
        above=0,
    )
    influence: PathText = setting(
        "",
        "manifest that the influence stage of another run wrote, of the same images: how much each "
        "helps; empty: none",
    )
    helpful_fraction: float = setting(
        1.0,
        "share of each class's readable images to keep by influence, what helps most first; 1 "
        "keeps all",
        above=0,
        maximum=1,
    )
    duplicate_similarity: float | None = setting(
        None,
        "cosine of embeddings from which two images of a class are near duplicates, of which the "
        "better stays; null: off",
        above=0,
        maximum=1,
    )
    duplicate_hash_distance: int | None = setting(
        None,
        "bits of 64 in which the perceptual hashes of near duplicates differ at most; null: off",
        unit="bits",
        minimum=0,
        maximum=UNRELATED_BITS,
    )
    leak: Literal["drop", "report", "off"] = setting(
        "drop",
        "synthetic images near a real test image: drop them, only report them, or do not look",
    )
    leak_similarity: float | None = setting(
        0.98,
        "cosine of embeddings from which a synthetic image is near a test image; null: off",
        above=0,
        maximum=1,
    )
    leak_hash_distance: int | None = setting(
        4,
        "bits of 64 in which its perceptual hash then differs at most; null: off",
        unit="bits",
        minimum=0,
        maximum=UNRELATED_BITS,
    )
    blank_contrast: float | None = setting(
        0.01,
        "contrast below which an image is blank, a standard deviation of grey levels from 0 to 1; "
        "null: off",
        above=0,
        maximum=0.5,
    )
    dark_brightness: float | None = setting(
        None,
        "brightness below which an image is too dark, from 0 to 1; null: off",
        above=0,
        below=1,
    )
    blurred_sharpness: float | None = setting(
        None,
        "sharpness below which an image is too blurred, a variance that goes by the images' size; "
        "null: off",
        above=0,
    )
    warn_share: float = setting(
        0.5,
        "share of a class's images kept below which the log warns; 0: never",
        minimum=0,
        maximum=1,
        affects_result=False,
    )
    on_empty_class: Literal["refuse", "warn"] = setting(
        "refuse", "when the rules leave none of a class's images: stop, or warn and go on"
    )
    threads: int = setting(
        1, "CPU threads of the search for near images", minimum=1, affects_result=False
    )

    def check(self) -> None:
        """Check that the leak check and the rule of influence have something to go by."""
        limits = self.leak_similarity, self.leak_hash_distance
        if self.leak != "off" and limits == (None, None):
            raise UserError(
                f"filter.leak: {self.leak}, but leak_similarity and leak_hash_distance are both "
                "null; give one of them a value, or set leak to off"
            )
        if self.helpful_fraction < 1 and not self.influence:
            raise self.error(
                "helpful_fraction",
                f"{self.helpful_fraction:g}, but {self.path('influence')} is empty; name the "
                "manifest of influence of another run there, or set it to 1",
            )

    def compares_embeddings(self) -> bool:
        """Return whether a rule that is on compares embeddings."""
        leaks = self.leak != "off" and self.leak_similarity is not None
        return leaks or self.duplicate_similarity is not None

    def needing_classifiers(self) -> list[str]:
        """Return the rules that nothing can decide without classifiers."""
        return [name for name in CLASSIFIED if getattr(self, name) is not None]

    def needing_scorer(self) -> dict[str, str]:
        """Return the rules that nothing can decide without a scorer: key and value that is off."""
        off: dict[str, Any] = {
            "keep_fraction": 1.0,
            "quota": None,
            "threshold": None,
            "zero_shot": False,
            "margin": None,
            "duplicate_similarity": None,
        }
        words = {1.0: "1", None: "null", False: "false"}
        return {key: words[value] for key, value in off.items() if getattr(self, key) != value}
