import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from sau.pipeline.scores.prepare import Encoded, Prepared
from sau.pipeline.scores.stream import batched, decoding_pool, one_behind, prepared_images
from sau.sources.decode import encode_png
from tests.pipeline.scores.conftest import picture, row, write_images


@pytest.fixture
def many(tmp_path):
    data = encode_png(picture(0, 4, 4))
    rows = [row(f"{i:03d}", 0, data if i % 5 else None) for i in range(100)]
    return write_images(tmp_path / "images.parquet", rows)


def name_of(images):
    """Return, in place of measures, whether there was an image."""
    return [Prepared(reason=None if image is None else "seen") for image in images]


def test_rows_come_in_their_order_and_failed_ones_unread(many):
    with decoding_pool(0) as pool:
        found = list(prepared_images(many, name_of, pool, workers=0, batch_size=10, task_size=7))
    assert [image.reason for image in found] == [None if i % 5 == 0 else "seen" for i in range(100)]


def test_images_are_not_decoded_before_they_are_needed_soon(many):
    seen = []

    def count(images):
        seen.extend(images)
        return name_of(images)

    with ThreadPoolExecutor(1) as pool:
        images = prepared_images(many, count, pool, workers=1, batch_size=10, task_size=5)
        next(images)
        images.close()
    # Five are being used, ten are the next batch's, and the worker has two tasks of its own.
    assert 5 <= len(seen) <= 5 + 10 + 10


def test_bytes_and_paths_are_handed_over(tmp_path):
    data = encode_png(picture(0, 4, 4))
    rows = [row("a", 0, data), row("b", 0, data), row("c", 0, data)]
    rows[1]["image"] = {"bytes": None, "path": "b.png"}
    rows[2]["image"] = None
    path = write_images(tmp_path / "images.parquet", rows)
    handed = []
    with decoding_pool(0) as pool:
        list(
            prepared_images(
                path, lambda images: handed.extend(images) or [], pool, workers=0, batch_size=4
            )
        )
    assert handed == [Encoded(data, None), Encoded(None, "b.png"), Encoded(None, None)]


def test_batches_have_all_items():
    assert list(batched(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batched([], 3)) == []


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_order_is_kept_one_behind_and_the_next_item_is_made_first(count):
    made = []

    def items():
        for item in range(count):
            made.append(item)
            yield item

    for item in one_behind(items()):
        assert made[-1] == min(item + 1, count - 1)
    assert made == list(range(count))
    assert list(one_behind(range(count))) == made


def test_decoding_process_leaves_ctrl_c_to_its_parent() -> None:
    with decoding_pool(1) as pool:
        worker = pool.submit(os.getpid).result()
        os.kill(worker, signal.SIGINT)
        assert pool.submit(os.getpid).result() == worker
