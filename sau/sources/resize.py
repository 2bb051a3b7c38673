"""Bring an image to a square, or to any other size."""

from PIL import Image, ImageOps


def resize(image: Image.Image, size: int | None) -> Image.Image:
    """Return the centre square of `image` at `size` x `size` pixels, resampled with Lanczos.

    The shorter side becomes `size`, what the longer one has more is cut off on both ends alike.
    An image of that size already, and any image if `size` is None, comes back as the same object.
    """
    return image if size is None else fit(image, (size, size))


def fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the centre of `image`, of the shape of `size` (height, width), in that many pixels.

    As `resize` does it: Lanczos, and what is too long is cut off on both ends alike. An image of
    that size already comes back as the same object.
    """
    height, width = size
    if image.size == (width, height):
        return image
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS, centering=(0.5, 0.5))
