"""Images for training and testing: decoded ahead, or by threads when a batch needs them."""

from sau.data.images.encoded import EncodedImages
from sau.data.images.pixels import PixelImages
from sau.data.images.protocol import Images

__all__ = ["EncodedImages", "Images", "PixelImages"]
