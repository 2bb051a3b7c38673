from pathlib import Path

import open_clip
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Generator

from sau.core.errors import ArgumentError
from sau.data.tensors import Rows, training_data
from sau.engine.backbone import plan_backbone
from sau.engine.classifier_start import start_at_class_means, start_at_texts
from sau.engine.settings import TrainingSettings
from sau.networks import Network, NetworkConfig
from sau.views import Normalisation, ViewOptions

VIEWS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.3, 0.4)))


def test_class_means_are_those_of_a_slow_loop(generator: Generator) -> None:
    """Of four classes, one of which has no image and keeps its weight."""
    pixels = torch.randint(0, 256, (9, 3, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 3, 3, 3])
    config = NetworkConfig("resnet8", 2, 4, classifier="cosine", classifier_scale=25.0)
    network = Network(config)
    before = network.classifier.weight.detach().clone()
    data = training_data(Rows(pixels, labels), torch.device("cpu"))
    start_at_class_means(network, data, VIEWS)
    assert network.training
    network.eval()
    with torch.no_grad():
        features = network.features(VIEWS.normalisation.from_bytes(pixels))
    for label in range(4):
        own = features[labels == label]
        expected = F.normalize(own.mean(dim=0), dim=0) if len(own) else before[label]
        torch.testing.assert_close(network.classifier.weight[label].detach(), expected)


def test_texts_are_what_open_clips_whole_model_says_of_them(
    open_clip_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backbone = f"open_clip/{open_clip_folder.name}"
    settings = TrainingSettings(
        backbone=backbone,
        pretrained=str(open_clip_folder),
        classifier="cosine",
        classifier_start="texts",
    )
    plan = plan_backbone(settings, VIEWS.normalisation, (24, 24))
    config = NetworkConfig(backbone, 0, 2, classifier="cosine", classifier_scale=25.0)
    network = Network(config)
    start_at_texts(network, settings, plan, ["lynx", "old_owl"])
    assert not caplog.records, "its weights are not random, whatever open_clip says"
    whole = open_clip.create_model(open_clip_folder.name, load_weights=False).eval()
    whole.load_state_dict(load_file(open_clip_folder / "open_clip_model.safetensors"))
    tokens = open_clip.get_tokenizer(open_clip_folder.name)(
        ["a photo of a lynx.", "a photo of an old owl."]
    )
    expected = whole.encode_text(tokens, normalize=True)
    torch.testing.assert_close(network.classifier.weight, expected, check_stride=False)
    with pytest.raises(ArgumentError, match=r"^classifier_start: texts, but the classes have no"):
        start_at_texts(network, settings, plan, [])
