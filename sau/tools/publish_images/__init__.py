"""`sau publish images`: the kept images as a data set that others load and look at."""

from sau.tools.publish_images.command import publish_images

__all__ = ["publish_images"]
