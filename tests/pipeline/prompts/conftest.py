import pyarrow as pa
import pytest

from sau.storage import manifest


@pytest.fixture
def real_images(tmp_path):
    """Write an empty manifest of real images with these class names, and return its path."""

    def write(*class_names):
        path = tmp_path / "train.parquet"
        empty = pa.Table.from_pylist([], schema=manifest.SCHEMAS["images"])
        manifest.write(path, "images", empty, {"class_names": list(class_names)})
        return path

    return write
