import sys

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.pipeline.filter.closeness import FAR, NONE
from sau.pipeline.filter.embeddings import Embeddings
from tests.pipeline.filter.conftest import unit_vectors


def test_nearest_is_that_of_the_highest_cosine():
    vectors = unit_vectors(60, seed=1).astype(np.float16)
    asked, known = Embeddings(vectors[:40], 0.9), Embeddings(vectors[40:], 0.9)
    exact = vectors.astype(np.float64)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    cosines = exact[:40] @ exact[40:].T
    closeness, positions = asked.nearest(known)
    assert positions.tolist() == cosines.argmax(axis=1).tolist()
    np.testing.assert_allclose(closeness, cosines.max(axis=1), atol=1e-6)
    np.testing.assert_allclose(asked.table(known), cosines, atol=1e-6)


def test_embedding_that_comes_twice_is_near_at_a_limit_of_one():
    vectors = unit_vectors(200, 512, seed=2).astype(np.float16)
    closeness, positions = Embeddings(vectors, 1.0).nearest(Embeddings(vectors, 1.0))
    assert (closeness >= Embeddings(vectors, 1.0).least).all()
    assert positions.tolist() == list(range(200))


def test_embeddings_are_near_nothing_where_there_is_no_other():
    closeness, positions = Embeddings(unit_vectors(2), 0.5).nearest(
        Embeddings(np.empty((0, 16), np.float16), 0.5)
    )
    assert closeness.tolist() == [FAR] * 2
    assert positions.tolist() == [NONE] * 2


def test_faiss_that_is_missing_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    some = Embeddings(unit_vectors(2).astype(np.float16), 0.5)
    with pytest.raises(UserError, match="install faiss-gpu .* or faiss-cpu"):
        some.nearest(some)
