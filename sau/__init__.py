"""sau: long-tailed image recognition with generated images, as a staged pipeline."""

__version__ = "0.2.0"
