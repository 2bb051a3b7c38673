"""Tables of another run that lie in a results folder: Snakemake does not know, and it is said."""

import pytest

from sau.storage import manifest

INFLUENCE = "results/influence/influence.parquet"


def test_kept_table_of_another_filter_is_used_with_a_warning(project):
    """Put there by hand, as newer than what it was made from: Snakemake would not make it again."""
    kept = project.folder / "results/filter/kept.parquet"
    made = project.run("--", "results/filter/kept.parquet", filter__keep_fraction=0.9)
    assert made.returncode == 0, made.stderr[-3000:]
    other = kept.read_bytes()
    assert project.run("--", "results/filter/kept.parquet").returncode == 0
    kept.write_bytes(other)
    told = project.run("--", "results/gallery/index.html")
    assert told.returncode == 0, told.stderr[-3000:]
    assert "other settings of filter than the configuration has (keep_fraction: 0.9, now 0.8)" in (
        told.stdout + told.stderr
    )
    again = project.run("--forcerun", "filter", "--", "results/gallery/index.html")
    assert "other settings" not in again.stdout + again.stderr


@pytest.mark.slow
def test_influence_of_other_networks_is_used_with_a_warning(project):
    asked = {"subset__validation_fraction": 0.2, "influence": {"row": "ce-balanced"}}
    asked |= {"experiment__rows": ["ce-balanced"], "experiment__replace_runs": True}
    target = ("--", "results/gallery/index.html")
    done = project.run(*target, **asked)
    assert done.returncode == 0, done.stderr[-3000:]
    path = project.folder / INFLUENCE
    assert manifest.read(path, "influence").num_rows > 0
    shown = (project.folder / target[1]).read_text()
    assert "influence: by how much it lowers the validation loss" in shown
    theirs = path.read_bytes()
    other = project.run(*target, **asked, training__epochs=2)
    assert other.returncode == 0, other.stderr[-3000:]
    assert "is of other networks" not in other.stdout + other.stderr
    path.write_bytes(theirs)
    told = project.run(*target, **asked, training__epochs=2)
    assert told.returncode == 0, told.stderr[-3000:]
    assert "is of other networks than those of this run" in told.stdout + told.stderr
