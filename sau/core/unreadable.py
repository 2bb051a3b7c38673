"""What Pillow raises for a damaged image, by its format and where it is damaged."""

from PIL import Image

UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""To be caught around opening and decoding alone."""
