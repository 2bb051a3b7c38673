"""Settings of the gallery stage."""

from typing import ClassVar

from sau.settings.section import Section, setting


class GallerySettings(Section):
    """What the gallery shows."""

    section: ClassVar[str] = "gallery"

    title: str = setting("Images of each class", "heading of the page")
    images_per_class: int = setting(
        100,
        "images of each class and kind (real, kept, rejected) at most",
        unit="images",
        minimum=1,
        maximum=10_000,
    )
    images_in_all: int = setting(
        10_000,
        "images on the page at most, so of many classes fewer each, but one of each class and kind",
        unit="images",
        minimum=1,
        maximum=100_000,
    )
    thumbnail_side: int = setting(
        128,
        "longer side of an image on the page; larger ones are made smaller",
        unit="pixels",
        minimum=16,
        maximum=1024,
    )
