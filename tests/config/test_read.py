"""Config files that are read without Snakemake."""

from pathlib import Path

import pytest

from sau.config import read_config_file
from sau.core.errors import UserError

ROOT = Path(__file__).parents[2]


def test_default_config_is_read() -> None:
    assert read_config_file(ROOT / "config.yaml")["dataset"]["source"] == "digits"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"No such file or directory; name a config file$"),
        (b"a: [1", r"not a config file in YAML \(while parsing"),
        (b"\xff\xfe\x00", "not a config file in YAML"),
        (b"- 1\n- 2\n", "expected sections with keys"),
        (b"", "expected sections with keys"),
        (b"a: 2001-99-99", "not a config file in YAML"),
        (b"a: !!timestamp x", "not a config file in YAML"),
        (b"a: &x [*x]", "not a config file in YAML"),
        (b"dataset: {}\ndataset: {}\n", "dataset stands in line 1 and in line 2"),
    ],
)
def test_what_is_no_config_file_is_one_line(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "c.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        read_config_file(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_folder_is_no_config_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Is a directory"):
        read_config_file(tmp_path)
