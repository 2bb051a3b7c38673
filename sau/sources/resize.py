"""Bring an image to a square."""

from PIL import Image, ImageOps


def resize(image: Image.Image, size: int | None) -> Image.Image:
    """Return the centre square of `image` at `size` x `size` pixels, resampled with Lanczos.

    The shorter side becomes `size`, what the longer one has more is cut off on both ends alike.
    An image of that size already, and any image if `size` is None, comes back as the same object.
    """
    if size is None or image.size == (size, size):
        return image
    return ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS, centering=(0.5, 0.5))
