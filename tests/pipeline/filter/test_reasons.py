import numpy as np
import pyarrow as pa

from sau.pipeline.filter.reasons import reasons, rejected_by


def test_rejected_rows_alone_have_a_sentence_with_their_own_figures() -> None:
    rejected = np.array([False, True, False, True])
    names, figures = pa.array(["a", "b", "c", "d"]), np.array([1, 0.25, 3, 0.1], dtype=np.float32)
    column = reasons(rejected, names, " has ", figures, ", rank ", np.arange(4), "")
    assert column.to_pylist() == [None, "b has 0.25, rank 1", None, "d has 0.1, rank 3"]
    assert rejected_by(column).tolist() == rejected.tolist()


def test_rows_without_a_rejected_one_and_no_rows() -> None:
    assert reasons(np.zeros(3, bool), "x ", np.arange(3)).to_pylist() == [None] * 3
    assert reasons(np.zeros(0, bool), "x ", np.zeros(0, np.float32)).to_pylist() == []
