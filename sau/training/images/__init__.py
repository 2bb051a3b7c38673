"""Images for training and testing: decoded ahead, or by threads when a batch needs them."""

from sau.training.images.encoded import EncodedImages
from sau.training.images.listed import Listed
from sau.training.images.load import Decoding, load_images
from sau.training.images.pixels import PixelImages
from sau.training.images.protocol import Images

__all__ = ["Decoding", "EncodedImages", "Images", "Listed", "PixelImages", "load_images"]
