"""Operations that take an image nearer to another one made of it, or further away."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.device.transfer import upload
from sau.views.colour import grey
from sau.views.steps import Step, strength_of


def saturate(images: Tensor, steps: Sequence[Step], levels: int) -> Tensor:
    """Scale the distance of each pixel of uint8 (B, 3, H, W) from its own brightness."""
    return _blend(images, _brightness(images), steps, levels)


def change_contrast(images: Tensor, steps: Sequence[Step], levels: int) -> Tensor:
    """Scale the distance of each pixel of uint8 (B, 3, H, W) from its image's mean brightness."""
    mean = _brightness(images).mean(dim=(1, 2, 3), keepdim=True)
    return _blend(images, mean, steps, levels)


def sharpen(images: Tensor, steps: Sequence[Step], levels: int) -> Tensor:
    """Scale the distance of each inner pixel of uint8 (B, 3, H, W) from a blurred image.

    The blur is a mean over 3 x 3 pixels in which the middle counts five times.
    """
    if min(images.shape[2:]) <= 2:
        return images
    inner = images[:, :, 1:-1, 1:-1].float()
    neighbourhood = F.avg_pool2d(images.float(), 3, stride=1) * 9
    blurred = (neighbourhood + 4 * inner).div_(13).round_()
    _, rest = _shares(steps, levels, images.device)
    sharpened = torch.addcmul(inner, blurred - inner, rest)
    changed = images.clone()
    changed[:, :, 1:-1, 1:-1] = sharpened.clamp_(0, 255).to(torch.uint8)
    return changed


def _blend(images: Tensor, other: Tensor, steps: Sequence[Step], levels: int) -> Tensor:
    """Return `other` plus the factor 1 + strength times the distance to it, as uint8."""
    share, rest = _shares(steps, levels, images.device)
    # Multiplied and added in one, as torchvision's sum is: what would be 169 can round to 168.9999,
    # which becomes 168.
    return torch.addcmul(images * share, other, rest).clamp_(0, 255).to(torch.uint8)


def _shares(steps: Sequence[Step], levels: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return 1 + strength, and 1 less that, for each image: float32 (B, 1, 1, 1)."""
    factors = [1 + strength_of(step, (0, 0), levels) for step in steps]
    shares = torch.tensor([factors, [1 - factor for factor in factors]])
    share, rest = upload(shares, device).view(2, -1, 1, 1, 1)
    return share, rest


def _brightness(images: Tensor) -> Tensor:
    """Return whole-numbered brightness, float32 (B, 1, H, W), 0 to 255."""
    return grey(images.float()).floor_()
