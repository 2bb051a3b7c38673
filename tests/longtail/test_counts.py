import numpy as np
import pytest

from sau.longtail.counts import cap_imbalance_factor, long_tailed_counts, sample_long_tail


def test_counts_of_the_papers():
    assert sum(long_tailed_counts(5000, 10, 100)) == 12406
    assert sum(long_tailed_counts(500, 100, 100)) == 10847
    assert long_tailed_counts(5000, 10, 100)[-1] == 50
    assert long_tailed_counts(500, 10, 100) == [500, 299, 179, 107, 64, 38, 23, 13, 8, 5]


TOTALS = {  # of the original (images of a class, classes), by imbalance factor
    (5000, 10): {10: 20431, 50: 13996, 100: 12406, 200: 11203},
    (500, 100): {10: 19573, 50: 12608, 100: 10847, 200: 9502},
}
CIFAR = [(*original, factor) for original, totals in TOTALS.items() for factor in totals]


def exact_count(largest, classes, factor, i):
    """`floor(N_o * IF^(-i / (n - 1)))` in whole numbers: the largest k that is not above.

    Both sides are raised to the power n - 1, so that neither root nor rounding remains.
    """
    steps = classes - 1
    low, high = 0, largest
    while low < high:
        k = (low + high + 1) // 2
        if k**steps * factor**i <= largest**steps:
            low = k
        else:
            high = k - 1
    return low


@pytest.mark.parametrize(("largest", "classes", "factor"), CIFAR)
def test_counts_of_every_class_of_cifar_are_exact(largest, classes, factor):
    counts = long_tailed_counts(largest, classes, factor)
    assert counts == [exact_count(largest, classes, factor, i) for i in range(classes)]
    assert sum(counts) == TOTALS[largest, classes][factor]
    assert (counts[0], counts[-1]) == (largest, largest // factor)


def cifar_labels(largest, classes):
    """Each class equally often, in an order as mixed as CIFAR's own."""
    return np.random.default_rng(7).permutation(np.repeat(np.arange(classes), largest))


@pytest.mark.parametrize("protocol", ["cao", "choice"])
@pytest.mark.parametrize(("largest", "classes", "factor"), CIFAR)
def test_protocols_draw_cifars_counts_without_replacement(largest, classes, factor, protocol):
    labels = cifar_labels(largest, classes)
    counts = long_tailed_counts(largest, classes, factor)
    chosen = sample_long_tail(labels, counts, protocol=protocol, seed=0)
    assert len(np.unique(chosen)) == len(chosen) == TOTALS[largest, classes][factor]
    assert np.bincount(labels[chosen], minlength=classes).tolist() == counts


@pytest.mark.parametrize(("largest", "classes", "factor"), CIFAR)
def test_cao_is_the_published_procedure_on_cifar(largest, classes, factor):
    """One RandomState(0); class by class: find the indices, shuffle them in place, take the first.

    Written from section 1 of the method, in the data set's own order.
    """
    labels = cifar_labels(largest, classes)
    random = np.random.RandomState(0)
    expected = []
    for label in range(classes):
        indices = np.where(labels == label)[0]
        random.shuffle(indices)
        wanted = int(largest * (1 / factor) ** (label / (classes - 1)))
        expected.extend(indices[:wanted].tolist())
    counts = long_tailed_counts(largest, classes, factor)
    assert sample_long_tail(labels, counts, protocol="cao", seed=0).tolist() == expected


def test_factor_one_and_one_class():
    assert long_tailed_counts(7, 3, 1) == [7, 7, 7]
    assert long_tailed_counts(7, 1, 100) == [7]


def test_cap_is_the_largest_factor_that_empties_no_class():
    assert cap_imbalance_factor(124, 10, 100) == 100
    assert cap_imbalance_factor(124, 10, 200) == 124
    assert long_tailed_counts(124, 10, 124)[-1] == 1
    for largest in range(1, 600):
        capped = cap_imbalance_factor(largest, 10, 1e6)
        assert long_tailed_counts(largest, 10, capped)[-1] == 1, largest


@pytest.mark.parametrize("protocol", ["cao", "choice"])
def test_sample_has_the_counts_without_replacement(protocol):
    labels = np.random.default_rng(0).integers(3, size=300)
    chosen = sample_long_tail(labels, [50, 20, 3], protocol=protocol, seed=0)
    assert len(set(chosen.tolist())) == 73
    assert np.bincount(labels[chosen]).tolist() == [50, 20, 3]
    assert (chosen == sample_long_tail(labels, [50, 20, 3], protocol=protocol, seed=0)).all()
    assert (chosen != sample_long_tail(labels, [50, 20, 3], protocol=protocol, seed=1)).any()


def test_protocols_are_those_of_the_published_loaders():
    """Written again from the loaders' definition, on NumPy's global legacy generator."""
    labels = np.repeat([0, 1], 20)
    np.random.seed(0)  # noqa: NPY002
    shuffled = [np.where(labels == c)[0] for c in (0, 1)]
    for indices in shuffled:
        np.random.shuffle(indices)  # noqa: NPY002
    expected = np.concatenate([shuffled[0][:8], shuffled[1][:2]])
    assert sample_long_tail(labels, [8, 2], protocol="cao", seed=0).tolist() == expected.tolist()
    np.random.seed(0)  # noqa: NPY002
    expected = np.concatenate(
        [np.random.choice(np.where(labels == c)[0], n, replace=False) for c, n in ((0, 8), (1, 2))]  # noqa: NPY002
    )
    assert sample_long_tail(labels, [8, 2], protocol="choice", seed=0).tolist() == expected.tolist()


def test_class_larger_than_its_images_is_refused():
    with pytest.raises(ValueError, match="^counts: class 1 should keep 5 images, but has 2"):
        sample_long_tail(np.array([0, 0, 1, 1]), [2, 5])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 10, 100), "^largest: 0, expected at least 1"),
        ((100, 0, 100), "^classes: 0, expected at least 1"),
        ((100, 10, 0.5), "^imbalance_factor: 0.5, expected at least 1"),
        ((100, 10, float("nan")), "^imbalance_factor: nan, expected"),
    ],
)
def test_counts_refuse_an_argument_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        long_tailed_counts(*arguments)


def test_sample_refuses_an_unknown_protocol_and_a_label_without_a_count():
    with pytest.raises(ValueError, match="^protocol: 'ldam', expected choice or cao"):
        sample_long_tail([0, 1], [1, 1], protocol="ldam")
    with pytest.raises(ValueError, match="^counts: 1 of them, but there is label 1"):
        sample_long_tail([0, 1], [1])
