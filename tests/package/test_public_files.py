"""The files that a stranger reads first agree with the package."""

import hashlib
import re
import tomllib

import yaml

import sau
from scripts.tiny_models.render import FONTS
from tests.paths import ROOT

APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_licence_is_the_apache_licences_text():
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2


def test_licence_is_the_same_wherever_it_is_stated():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["license"] == citation["license"] == "Apache-2.0"


def test_version_is_the_same_wherever_it_is_stated():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == sau.__version__
    newest = re.search(r"^## \[?([0-9.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == sau.__version__


def test_notice_names_every_font_family_of_the_shipped_models():
    notice = (ROOT / "NOTICE").read_text()
    for font in FONTS:
        family = re.match(r"DejaVu|STIX|cm\w+", font.file)
        assert family is not None, font.file
        assert family.group() in notice
    counts = [int(number) for number in re.findall(r"(\d+) files", notice)]
    assert sum(counts) == len(FONTS)


def test_notice_names_every_shipped_model():
    notice = (ROOT / "NOTICE").read_text()
    folders = [path.name for path in (ROOT / "sau" / "assets").iterdir() if path.is_dir()]
    models = [name for name in folders if name != "__pycache__"]
    assert sorted(models) == ["tiny-clip", "tiny-glide"]
    assert [name for name in models if name not in notice] == []


def test_citation_names_the_papers_of_the_method_the_generator_and_the_data():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    titles = " ".join(entry["title"] for entry in citation["references"])
    for paper in ("SAU", "GLIDE", "CIFAKE", "Global and Local Mixture Consistency"):
        assert paper in titles


def test_catalogue_file_states_how_software_is_deployed():
    catalogue = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())
    usage = catalogue["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["software-stack-deployment"] == {"conda": True}


def test_ci_workflow_calls_the_script_of_continuous_integration():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands == [".ci/run"]
    assert (ROOT / commands[0]).stat().st_mode & 0o111


def test_pre_commit_runs_what_make_installs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    programs = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks[0]["hooks"]}
    listed = (ROOT / "envs" / "development.txt").read_text().splitlines()
    assert programs == {"ruff", "snakefmt", "mypy"}
    assert programs <= set(listed)
