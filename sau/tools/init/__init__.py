"""`sau init`: look at a folder of images, and write a config that fits them."""

from sau.tools.init.command import init

__all__ = ["init"]
