import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.losses.label_correction import Vote, find_noise
from sau.neighbours.backends import Backend
from sau.neighbours.bank import EmbeddingBank

VOTES: list[Vote] = ["majority", "unanimous", "similarity_weighted"]
every_vote = pytest.mark.parametrize("vote", VOTES)

Candidates = list[tuple[float, int]]
"""Similarity and label of each real embedding, for one sample and one view."""


def agrees(candidates: Candidates, label: int, neighbours: int, vote: Vote) -> bool:
    nearest = sorted(candidates, reverse=True)[:neighbours]
    if vote == "unanimous":
        return all(other == label for _, other in nearest)
    score: dict[int, tuple[float, float]] = {}
    for similarity, other in nearest:
        weight = 1.0 if vote == "majority" else math.exp(similarity / 0.07)
        votes, support = score.get(other, (0.0, 0.0))
        score[other] = (votes + weight, support + similarity)
    return max(score, key=lambda name: score[name]) == label


def in_batch(
    features: Tensor,
    labels: Tensor,
    is_synthetic: Tensor,
    prototypes: Tensor,
    place: tuple[int, int],
) -> Candidates:
    sample, view = place
    query = features[sample, view].double()
    real = [other for other in range(len(labels)) if not is_synthetic[other]]
    return [
        (float(query @ features[other, view].double()), int(labels[other])) for other in real
    ] + [
        (float(query @ prototypes[label, view].double()), label) for label in range(len(prototypes))
    ]


def draw(
    generator: Generator, count: int, classes: int, share: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    centres = F.normalize(torch.randn(classes, 2, 6, generator=generator), dim=2)
    labels = torch.randint(0, classes, (count,), generator=generator)
    spread = 0.6 * torch.randn(count, 2, 6, generator=generator)
    features = F.normalize(centres[labels] + spread, dim=2)
    return features, labels, torch.rand(count, generator=generator) < share, centres


@every_vote
@pytest.mark.parametrize("neighbours", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_batch_equals_the_oracle(
    neighbours: int, share: float, vote: Vote, generator: Generator
) -> None:
    found_some = False
    for count in (1, 2, 30):
        case = draw(generator, count, 4, share)
        _, labels, is_synthetic, prototypes = case
        prototypes *= torch.linspace(0.5, 1.2, 4)[:, None, None]  # as plain means would not be 1
        found = find_noise(*case, neighbours, vote=vote)
        expected = [
            bool(is_synthetic[sample])
            and not all(
                agrees(in_batch(*case, (sample, view)), int(labels[sample]), neighbours, vote)
                for view in (0, 1)
            )
            for sample in range(count)
        ]
        assert found.tolist() == expected
        found_some |= bool(found.any())
    assert found_some == (share > 0)


@every_vote
@pytest.mark.parametrize("backend", ["faiss", "torch"])
@pytest.mark.parametrize("neighbours", [1, 4, 50])
def test_memory_equals_the_oracle(
    neighbours: int, backend: Backend, vote: Vote, generator: Generator
) -> None:
    embeddings, memory_labels, _, _ = draw(generator, 40, 4, 0.0)
    memory = EmbeddingBank.of(embeddings, memory_labels, backend)
    for share in (0.5, 1.0):
        case = features, labels, is_synthetic, _ = draw(generator, 20, 4, share)
        found = find_noise(*case, neighbours, vote=vote, bank=memory)
        expected = []
        for sample, label in enumerate(labels.tolist()):
            views_agree = []
            for view in (0, 1):
                similarity = embeddings[:, view].double() @ features[sample, view].double()
                candidates = list(zip(similarity.tolist(), memory_labels.tolist(), strict=True))
                views_agree.append(agrees(candidates, label, neighbours, vote))
            expected.append(bool(is_synthetic[sample]) and not all(views_agree))
        assert found.tolist() == expected
        assert found.any()


def test_memory_leaves_batch_and_prototypes_out_of_it() -> None:
    first, second = torch.eye(2)
    features = torch.stack([first, first, second])[:, None].repeat(1, 2, 1)
    labels, is_synthetic = torch.tensor([0, 0, 1]), torch.tensor([True, False, True])
    prototypes = torch.eye(2)[:, None].repeat(1, 2, 1)
    assert not find_noise(features, labels, is_synthetic, prototypes, 1).any()
    turned = EmbeddingBank.of(prototypes.flip(0), torch.tensor([0, 1]), "torch")
    found = find_noise(features, labels, is_synthetic, prototypes, 1, bank=turned)
    assert found.tolist() == [True, False, True]


def test_views_must_both_agree() -> None:
    prototypes = torch.eye(2)[:, None].repeat(1, 2, 1)
    first, second = torch.eye(2)
    features = torch.stack(
        [torch.stack(pair) for pair in [(first, first), (first, second), (second, first)]]
    )
    labels = torch.zeros(3, dtype=torch.int64)
    real, synthetic = torch.zeros(3, dtype=torch.bool), torch.ones(3, dtype=torch.bool)
    memory = EmbeddingBank.of(prototypes, torch.arange(2), "torch")
    for place in (None, memory):
        found = find_noise(features, labels, synthetic, prototypes, 1, bank=place)
        assert found.tolist() == [False, True, True]
        assert not find_noise(features, labels, real, prototypes, 1, bank=place).any()


def around(angles: list[float], labels: list[int]) -> EmbeddingBank:
    """Real embeddings at these angles from (1, 0)."""
    angle = torch.tensor(angles)
    points = torch.stack([angle.cos(), angle.sin()], dim=1)[:, None].repeat(1, 2, 1)
    return EmbeddingBank.of(points, torch.tensor(labels), "torch")


def keeps(memory: EmbeddingBank, label: int, neighbours: int, vote: Vote) -> bool:
    features = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    found = find_noise(
        features,
        torch.tensor([label]),
        torch.tensor([True]),
        torch.zeros(3, 2, 2),
        neighbours,
        vote=vote,
        bank=memory,
    )
    return not bool(found)


def test_majority_beats_the_nearest_and_similarity_breaks_ties() -> None:
    memory = around([0.1, 0.3, 0.35], [0, 1, 1])
    assert [keeps(memory, 1, k, "majority") for k in (1, 2, 3)] == [False, False, True]
    assert [keeps(memory, 0, k, "majority") for k in (1, 2, 3)] == [True, True, False]
    assert keeps(around([0.1, 1.2, 0.2, 0.3], [0, 0, 1, 1]), 1, 4, "majority")


def test_unanimous_needs_every_neighbour() -> None:
    memory = around([0.1, 0.2, 0.3], [1, 1, 0])
    assert [keeps(memory, 1, k, "unanimous") for k in (1, 2, 3, 9)] == [True, True, False, False]


def test_weighted_vote_is_exp_of_similarity_over_seven_hundredths() -> None:
    # One neighbour equals two that are less similar by 0.07 * log(2) = 0.0485.
    first = math.cos(0.1)
    for less, winner in [(0.0475, 1), (0.0495, 0)]:
        angle = math.acos(first - less)
        assert keeps(around([0.1, angle, angle], [0, 1, 1]), winner, 3, "similarity_weighted")


def test_weighted_vote_counts_neighbours_behind_as_weak_not_as_votes_against() -> None:
    # Cosines -0.42, -0.46 and -0.42: a plain sum would prefer class 0, which has one vote only.
    memory = around([2.0, 2.05, 2.0], [0, 1, 1])
    assert keeps(memory, 1, 3, "similarity_weighted")


@every_vote
def test_equal_votes_go_to_the_nearest_neighbour(vote: Vote) -> None:
    memory = around([0.5, -0.5], [2, 0])
    assert [keeps(memory, label, 1, vote) for label in (0, 2)] == [False, True]
    if vote != "unanimous":
        assert [keeps(memory, label, 2, vote) for label in (0, 2)] == [False, True]


def test_gradients_do_not_flow(generator: Generator) -> None:
    features, labels, is_synthetic, prototypes = draw(generator, 9, 4, 0.5)
    found = find_noise(features.requires_grad_(), labels, is_synthetic, prototypes, 3)
    assert found.dtype == torch.bool
    assert not found.requires_grad
