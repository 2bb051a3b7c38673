"""What the tiny CLIP is shown in training."""

import torch

from scripts.tiny_models.train_clip import ClipTraining, clip_config, disturb


def test_disturbed_pictures_stay_in_range() -> None:
    images = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    first = disturb(images, ClipTraining(), torch.Generator().manual_seed(1))
    assert first.shape == images.shape
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    assert torch.equal(first, disturb(images, ClipTraining(), torch.Generator().manual_seed(1)))
    assert not torch.equal(first, disturb(images, ClipTraining(), torch.Generator().manual_seed(2)))


def test_images_are_not_disturbed_without_strength() -> None:
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    settings = ClipTraining(tint=0.0, blur_share=0.0, noise=0.0)
    assert torch.equal(disturb(images, settings, torch.Generator().manual_seed(1)), images)


def test_tint_lifts_the_background_and_keeps_white() -> None:
    images = torch.zeros(4, 3, 16, 16)
    images[:, :, 8:] = 1.0
    settings = ClipTraining(blur_share=0.0, noise=0.0)
    tinted = disturb(images, settings, torch.Generator().manual_seed(1))
    assert (tinted[:, :, 8:] == 1).all()
    assert float(tinted[:, :, :8].min()) > 0
    assert float(tinted[:, :, :8].max()) <= settings.tint


def test_model_and_tokenizer_agree_on_the_vocabulary() -> None:
    config = clip_config(300)["model_cfg"]
    assert config["text_cfg"]["vocab_size"] == 300
    assert config["vision_cfg"]["image_size"] == 16
