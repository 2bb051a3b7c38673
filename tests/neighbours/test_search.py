import math
import sys
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from sau.neighbours import exact
from sau.neighbours.backends import Backend, Index, load_faiss, make_index
from sau.neighbours.bank import EmbeddingBank
from sau.neighbours.exact import check_search, nearest

BACKENDS: list[Backend] = ["faiss", "torch"]
every_backend = pytest.mark.parametrize("backend", BACKENDS)


def brute_force(queries: Tensor, base: Tensor, k: int) -> tuple[list[list[float]], list[list[int]]]:
    """Sort all rows by (-similarity, row), similarities as exact as float64 can hold them."""
    similarities, places = [], []
    for query in queries.double().tolist():
        rows = [
            (-math.fsum(a * b for a, b in zip(query, row, strict=True)), place)
            for place, row in enumerate(base.double().tolist())
        ]
        rows = sorted(rows)[:k]
        similarities.append([-similarity for similarity, _ in rows])
        places.append([place for _, place in rows])
    return similarities, places


def assert_equals_brute_force(queries: Tensor, base: Tensor, k: int, backend: Backend) -> None:
    similarities, places = nearest(queries, make_index(base, backend), k)
    expected_similarities, expected_places = brute_force(queries, base, k)
    assert places.dtype == torch.int64
    assert places.tolist() == expected_places
    expected = torch.tensor(expected_similarities, dtype=torch.float64).float()
    assert similarities.dtype == torch.float32
    torch.testing.assert_close(similarities, expected, atol=1e-7, rtol=1e-7)


def unit(generator: Generator, count: int, size: int) -> Tensor:
    return F.normalize(torch.randn(count, size, generator=generator), dim=1)


@every_backend
@pytest.mark.parametrize("k", [1, 7, 80, 100, 1000])
def test_random_rows(k: int, backend: Backend, generator: Generator) -> None:
    queries, base = unit(generator, 9, 128), unit(generator, 100, 128)
    assert_equals_brute_force(queries, base, k, backend)
    assert_equals_brute_force(3 * queries, base[:1], k, backend)
    assert_equals_brute_force(queries[:, :5], 10 * base[:, :5], k, backend)


@every_backend
def test_rows_nearer_to_each_other_than_float32_can_tell(
    backend: Backend, generator: Generator
) -> None:
    centre, query = unit(generator, 1, 32), unit(generator, 6, 32)
    base = F.normalize(centre + 1e-7 * torch.randn(200, 32, generator=generator), dim=1)
    index = make_index(base, backend)
    _, expected = brute_force(query, base, 10)
    assert index.scan(query, 10)[1].tolist() != expected
    assert_equals_brute_force(query, base, 10, backend)


@every_backend
@pytest.mark.parametrize("scale", [1.0, -1.0, 0.0])
def test_equal_rows_come_in_order(scale: float, backend: Backend, generator: Generator) -> None:
    base = unit(generator, 300, 16)
    copies = torch.randperm(300, generator=generator)[:100]
    base[copies] = base[7].clone()
    queries = torch.cat([scale * base[7:8], unit(generator, 5, 16)])
    assert_equals_brute_force(queries, base, 5, backend)
    if scale == 1:
        _, places = nearest(base[7:8], make_index(base, backend), 5)
        assert places[0].tolist() == sorted({7, *copies.tolist()})[:5]
    assert_equals_brute_force(queries, base[7:8].repeat(300, 1), 5, backend)


class Backwards(Index):
    """A back end that lists equal similarities in falling order of their rows."""

    def scan(self, queries: Tensor, count: int) -> tuple[Tensor, Tensor]:
        similarities = (queries @ self.base.T).flip(1)
        similarities, places = similarities.sort(dim=1, descending=True, stable=True)
        return similarities[:, :count], len(self.base) - 1 - places[:, :count]


def test_back_end_s_own_order_of_equal_rows_does_not_matter(generator: Generator) -> None:
    base = unit(generator, 4, 3).round(decimals=1).repeat(30, 1)
    for rows in (30, 120):
        _, places = nearest(base[:4], Backwards(base[:rows]), 6)
        assert places.tolist() == brute_force(base[:4], base[:rows], 6)[1]


@every_backend
def test_blocks_change_nothing(backend: Backend, generator: Generator) -> None:
    base = unit(generator, 150, 8).repeat(2, 1)
    queries = torch.cat([base[:20], unit(generator, 20, 8)])
    whole = nearest(queries, make_index(base, backend), 90)
    for block in (1, 700, 20_000):
        parts = nearest(queries, make_index(base, backend), 90, block)
        assert all(torch.equal(*pair) for pair in zip(whole, parts, strict=True))


@pytest.fixture(scope="module")
def imagenet_lt() -> tuple[Tensor, Tensor, Tensor]:
    """Queries, as many rows as ImageNet-LT has images, and 1,000 rows equal to the first."""
    generator = Generator().manual_seed(0)
    base = unit(generator, 115_846, 128)
    copies = 1 + torch.randperm(115_845, generator=generator)[:1000]
    base[copies] = base[0].clone()
    near = base[:1] + 0.02 * torch.randn(16, 128, generator=generator)
    return torch.cat([F.normalize(near, dim=1), unit(generator, 240, 128)]), base, copies


@every_backend
def test_search_at_the_size_of_imagenet_lt(
    backend: Backend, imagenet_lt: tuple[Tensor, Tensor, Tensor]
) -> None:
    queries, base, copies = imagenet_lt
    _, places = nearest(queries, make_index(base, backend), 10)
    similarity = (queries.double() @ base.double().T).numpy()
    similarity[:, copies] = similarity[:, :1]  # a matrix product may round them apart
    for row, found in zip(similarity, places.numpy(), strict=True):
        reached = np.flatnonzero(row >= np.partition(row, -10)[-10])
        order = np.lexsort((reached, -row[reached]))[:10]
        np.testing.assert_array_equal(found, reached[order])
    first = sorted([0, *copies.tolist()])[:10]
    assert all(row == first for row in places[:16].tolist())


@every_backend
def test_search_is_exact_under_autocast_and_fast_matrix_products(
    backend: Backend, generator: Generator
) -> None:
    queries, base = unit(generator, 40, 128), unit(generator, 3000, 128)
    index = make_index(base, backend)
    expected = nearest(queries, index, 3)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", torch.bfloat16):
            found = nearest(queries, index, 3)
    finally:
        torch.set_float32_matmul_precision(before)
    assert all(torch.equal(*pair) for pair in zip(expected, found, strict=True))


def test_torch_scans_in_float64_where_float32_products_are_not_float32(
    generator: Generator,
) -> None:
    queries, base = unit(generator, 9, 128), unit(generator, 300, 128)
    index = make_index(base, "torch")
    rounded = (queries.double() @ base.double().T).float().sort(dim=1, descending=True).values
    assert not torch.equal(index.scan(queries, 300)[0], rounded)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        assert torch.equal(index.scan(queries, 300)[0], rounded)
    finally:
        torch.set_float32_matmul_precision(before)


@every_backend
def test_queries_that_are_not_numbers_harm_no_others(
    backend: Backend, generator: Generator
) -> None:
    queries, base = unit(generator, 6, 16), unit(generator, 200, 16)
    index = make_index(base, backend)
    expected = nearest(queries, index, 3)[1]
    queries[2] = torch.nan
    _, places = nearest(queries, index, 3)
    others = torch.arange(6) != 2
    assert torch.equal(places[others], expected[others])
    assert ((places >= 0) & (places < 200)).all()


@every_backend
def test_inputs_of_any_layout_and_type(backend: Backend, generator: Generator) -> None:
    base, queries = unit(generator, 50, 24), unit(generator, 7, 24)
    expected = nearest(
        queries[:, ::2].contiguous(), make_index(base[:, ::2].contiguous(), backend), 4
    )
    assert make_index(base[:, ::2], backend).base.is_contiguous()
    strided = nearest(queries[:, ::2].requires_grad_(), make_index(base[:, ::2], backend), 4)
    assert all(torch.equal(*pair) for pair in zip(expected, strided, strict=True))
    half = base.bfloat16(), queries.detach().bfloat16()
    found = nearest(half[1], make_index(half[0], backend), 4)[1].tolist()
    assert found == brute_force(half[1], half[0], 4)[1]


@pytest.mark.parametrize("size", [1, 2, 5, 64, 127, 128])
def test_inner_product_has_the_same_bits_everywhere(size: int, generator: Generator) -> None:
    first, second = torch.randn(2, 500, size, generator=generator)
    whole = exact.inner_product(first, second)
    assert whole.dtype == torch.float64
    for rows in (slice(0, 1), slice(3, 40), slice(499, 500)):
        assert torch.equal(exact.inner_product(first[rows], second[rows]), whole[rows])
    pairs = exact.inner_product(first[:20, None], second[None, :20])
    assert torch.equal(pairs.diagonal(), whole[:20])
    expected = [
        math.fsum(a * b for a, b in zip(*rows, strict=True))
        for rows in zip(first.double().tolist(), second.double().tolist(), strict=True)
    ]
    torch.testing.assert_close(whole.tolist(), expected, atol=1e-13, rtol=0)


@every_backend
def test_memory_searches_each_view_on_its_own(backend: Backend, generator: Generator) -> None:
    embeddings = unit(generator, 60, 8).view(30, 2, 8)
    labels = torch.randint(0, 4, (30,), generator=generator)
    memory = EmbeddingBank.of(embeddings, labels, backend)
    queries = unit(generator, 5, 8)
    for view in (0, 1):
        similarities, found = memory.nearest(queries, view, 6)
        expected = brute_force(queries, embeddings[:, view], 6)
        assert found.tolist() == labels[torch.tensor(expected[1])].tolist()
        torch.testing.assert_close(similarities, torch.tensor(expected[0]), atol=1e-6, rtol=0)


def test_faiss_takes_as_many_threads_as_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    faiss = load_faiss(torch.device("cpu"))
    before = faiss.omp_get_max_threads()
    try:
        monkeypatch.setattr(torch, "get_num_threads", lambda: before + 1)
        make_index(torch.eye(3), "faiss")
        assert faiss.omp_get_max_threads() == before + 1
    finally:
        faiss.omp_set_num_threads(before)


def test_faiss_that_is_missing_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ValueError, match="^backend: faiss, but FAISS is not installed") as found:
        make_index(torch.eye(3), "faiss")
    for part in ("faiss-gpu", "faiss-cpu", "set it to torch"):
        assert part in str(found.value)
    assert "\n" not in str(found.value)
    assert nearest(torch.eye(3), make_index(torch.eye(3), "torch"), 1)[1].tolist() == [
        [0],
        [1],
        [2],
    ]


def test_faiss_without_a_gpu_is_refused_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_faiss(torch.device("cpu")), "get_num_gpus", lambda: 0)
    with pytest.raises(ValueError, match=r"cuda, but FAISS .* finds no GPU; install faiss-gpu"):
        load_faiss(torch.device("cuda"))


def test_neighbours_too_many_for_faiss_on_a_gpu_are_refused() -> None:
    index = make_index(torch.eye(3), "faiss")
    with FakeTensorMode():
        queries = torch.empty(2, 3, device="cuda")
    with pytest.raises(ValueError, match="^count: 2049 rows of FAISS.* at most 2048"):
        index.scan(queries, 2049)


def test_neighbours_too_many_are_refused_before_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load_faiss(torch.device("cpu")), "get_num_gpus", lambda: 1)
    check_search("faiss", torch.device("cuda"), 2016, 5000)
    check_search("faiss", torch.device("cuda"), 4000, 2048)
    check_search("faiss", torch.device("cpu"), 4000, 5000)
    check_search("torch", torch.device("cuda"), 4000, 5000)
    with pytest.raises(ValueError, match="^backend: faiss, .* at most 2016 neighbours, not 2017"):
        check_search("faiss", torch.device("cuda"), 2017, 5000)


@pytest.mark.gpu
@every_backend
def test_gpu_finds_what_the_cpu_finds(
    backend: Backend, imagenet_lt: tuple[Tensor, Tensor, Tensor]
) -> None:
    queries, base, _ = imagenet_lt
    expected: Any = nearest(queries, make_index(base, "torch"), 10)
    found = nearest(queries.cuda(), make_index(base.cuda(), backend), 10)
    assert all(torch.equal(a, b.cpu()) for a, b in zip(expected, found, strict=True))
