import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sau.pipeline.scores.cosines import compare


@pytest.fixture
def embeddings():
    generator = torch.Generator().manual_seed(0)

    def unit(count):
        return F.normalize(torch.randn(count, 6, generator=generator), dim=1)

    return unit(5), unit(5), unit(4)


def test_columns_are_those_of_a_loop_over_images(embeddings):
    images, texts, classes = embeddings
    labels = torch.tensor([0, 3, 1, 1, 2])
    found = compare(images, texts, classes, labels, scale=7.0)
    for i, label in enumerate(labels.tolist()):
        image, text = images[i].double().numpy(), texts[i].double().numpy()
        cosines = [float(image @ one) for one in classes.double().numpy()]
        exponentials = np.exp([7 * cosine for cosine in cosines])
        best = int(np.argmax(cosines))
        others = [cosine for k, cosine in enumerate(cosines) if k != label]
        expected = {
            "score": image @ text,
            "class_score": cosines[label],
            "zero_shot": best,
            "zero_shot_probability": exponentials[best] / exponentials.sum(),
            "margin": cosines[label] - max(others),
        }
        for name, value in expected.items():
            assert found[name][i].item() == pytest.approx(value, abs=1e-6), name


def test_margin_is_above_zero_just_where_zero_shot_is_right(embeddings):
    images, texts, classes = embeddings
    labels = torch.tensor([0, 3, 1, 1, 2])
    found = compare(images, texts, classes, labels, scale=1.0)
    assert torch.equal(found["margin"] > 0, found["zero_shot"] == labels)


def test_single_class_has_no_margin(embeddings):
    images, texts, classes = embeddings
    found = compare(images, texts, classes[:1], torch.zeros(5, dtype=torch.int64), scale=1.0)
    assert found["margin"].isnan().all()
    assert found["zero_shot_probability"].tolist() == [1] * 5


def test_cosines_do_not_pass_one_by_rounding():
    image = F.normalize(torch.full((1, 7), 0.3), dim=1) * (1 + 1e-6)
    found = compare(image, image, image, torch.tensor([0]), scale=1.0)
    assert (found["score"].item(), found["class_score"].item()) == (1, 1)
