"""What a user has who installs the wheel, and nothing of the checkout."""

import email
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import sau
from sau.storage.manifest import read_metadata
from tests.forked_jobs import job_python
from tests.forks import dry_run
from tests.package.conftest import unpack
from tests.paths import ROOT

TOP_LEVEL = ("Snakefile", "config.yaml", "configs", "envs", "profiles", "workflow")


def run(
    folder: Path, installed: Path, *words: str, program: Path | str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run `sau` of the installed wheel in a folder, by a `python`."""
    return subprocess.run(
        [program, "-m", "sau", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )


def shell_lines(printed: str) -> list[str]:
    """Return the shell lines of the jobs that Snakemake prints, in an order of their own."""
    return sorted(re.findall(r"^.*-m sau \w+ .*$", printed, re.MULTILINE))


def test_wheel_holds_the_workflow_as_the_checkout_does(unpacked):
    shipped = unpacked / "sau" / "run" / "shipped"
    assert {path.name for path in shipped.iterdir()} == set(TOP_LEVEL)
    for name in TOP_LEVEL:
        for path in [ROOT / name, *(ROOT / name).rglob("*")]:
            if path.is_file():
                copy = shipped / path.relative_to(ROOT)
                assert copy.read_bytes() == path.read_bytes(), copy


def test_wheel_holds_every_file_of_the_package(unpacked):
    files = [path for path in (ROOT / "sau").rglob("*") if path.is_file()]
    names = [path.relative_to(ROOT) for path in files if path.parent.name != "__pycache__"]
    assert len(names) > 300
    assert [name for name in names if not (unpacked / name).is_file()] == []


def test_wheel_holds_the_package_alone(unpacked):
    info = f"sau_longtail-{sau.__version__}.dist-info"
    assert {path.name for path in unpacked.iterdir()} == {"sau", info}


def test_wheel_states_name_version_and_licence(unpacked):
    (metadata,) = unpacked.glob("*.dist-info/METADATA")
    stated = email.message_from_string(metadata.read_text(encoding="utf-8"))
    assert stated["Name"] == "sau-longtail"
    assert stated["Version"] == sau.__version__
    assert stated["License-Expression"] == "Apache-2.0"
    for name in stated.get_all("License-File"):
        assert (metadata.parent / "licenses" / name).read_text() == (ROOT / name).read_text()


@pytest.mark.slow
def test_run_plans_the_jobs_that_the_checkout_plans(unpacked, tmp_path):
    planned = run(tmp_path, unpacked, "run", "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert f"Snakefile: {unpacked}/sau/run/shipped/Snakefile" in planned.stdout + planned.stderr
    words = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(tmp_path / "other")]
    here = dry_run(tmp_path, "--forceall", *words)
    assert here.returncode == 0, here.stdout
    lines = shell_lines(planned.stdout + planned.stderr)
    assert len(lines) > 70
    assert lines == shell_lines(here.stdout)


@pytest.mark.slow
def test_run_follows_a_config_file_to_its_end(wheel, tmp_path):
    """The rules run the wheel's code: what they write names its version, another one than ours.

    A row on real images, and images that the wheel's generator draws; its other files are those of
    the checkout, as tests above have it.
    """
    installed = unpack(wheel, tmp_path / "installed")
    face = installed / "sau" / "__init__.py"
    face.write_text(face.read_text().replace(sau.__version__, f"{sau.__version__}+wheel"))
    assert run(tmp_path, installed, "--version").stdout == f"sau {sau.__version__}+wheel\n"
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["experiment"] |= {"imbalance_factors": [10], "seeds": [0], "rows": ["ce"]}
    config["prompts"]["per_class"] = 20
    config["images"] |= {"shards": 1, "steps": "2", "batch_size": 200}
    config["subset"]["largest_class"] = 15
    config["training"] |= {"epochs": 1, "projection_hidden": 32}
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(config))
    images = "results/images/shard-0.parquet"
    words = ("--config", "my.yaml", "--cores", "2", "--", "all", images)
    done = run(tmp_path, installed, "run", *words, program=job_python())
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "CE" in (tmp_path / "results" / "report" / "overview.md").read_text()
    made = read_metadata(tmp_path / images)["provenance"]
    assert made["code"]["sau"] == f"{sau.__version__}+wheel"


def test_run_ends_with_the_exit_code_of_snakemake(unpacked, tmp_path):
    done = run(tmp_path, unpacked, "run", "--dry-run", "--config", "training={epohcs: 3}")
    assert done.returncode == 2
    line = "sau: error: config: training.epohcs: unknown key; did you mean 'epochs'?"
    assert line in done.stderr.splitlines()
    assert run(tmp_path, unpacked, "run", "--dry-run", "--", "no-such-file").returncode == 1
