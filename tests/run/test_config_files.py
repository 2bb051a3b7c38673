from pathlib import Path

import pytest

from sau.run.config_files import config_files, leave_if_unreadable
from tests.forks import SNAKEMAKE, python
from tests.paths import ROOT


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ([], ["config.yaml"]),
        (["--cores", "2", "-n"], ["config.yaml"]),
        (["--configfile", "a.yaml", "b.yaml", "-n"], ["a.yaml", "b.yaml"]),
        (["--configfile=a.yaml", "--config", "x={y: 1}"], ["a.yaml"]),
        (["--configfiles", "a.yaml", "--configfile", "b.yaml"], ["a.yaml", "b.yaml"]),
    ],
)
def test_config_files_of_a_command_line(words, files):
    assert config_files(words) == [Path(name) for name in files]


def test_config_file_that_is_not_there_is_left_to_snakemake(tmp_path):
    leave_if_unreadable(["--configfile", str(tmp_path / "no.yaml")])


def test_name_of_a_config_file_does_not_act_on_the_terminal(tmp_path, capsys):
    path = tmp_path / "\x1b[31mred.yaml"
    path.write_text("- 1")
    with pytest.raises(SystemExit) as leaving:
        leave_if_unreadable(["--configfile", str(path)])
    assert leaving.value.code == 2
    assert r"\x1b[31mred.yaml: expected names with what belongs" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["snakemake", "--cores", "1", "--configfile"], ["sau", "run", "--config"]]
)
def test_plain_snakemake_says_in_one_line_what_it_cannot_read(tmp_path, command):
    config = tmp_path / "c.yaml"
    config.write_bytes((ROOT / "config.yaml").read_bytes().decode().encode("utf-16"))
    done = python(ROOT, "-m", *command, str(config), "-n", preloaded=SNAKEMAKE)
    assert done.returncode == 2
    assert f"error: {config}: a text in UTF-16; expected UTF-8, save it as UTF-8\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert "UnicodeDecodeError" not in done.stderr
