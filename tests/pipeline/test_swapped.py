"""A table of another run in place of this run's is refused by the first stage that can tell."""

import re
import shutil
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.pipeline.report.runs import read_measured
from sau.storage import manifest
from sau.tools.cross_validate.pool import predictions_of
from scripts.slices.images import pack_images
from tests.pipeline.small_run import Run, write_images

OTHERS: dict[str, tuple[str, dict[str, int]]] = {
    "other images": ("second", {}),
    "another data seed": ("first", {"data_seed": 1}),
    "another seed": ("first", {"seed": 1}),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A run, and others that differ from it in one thing each; none has its reports yet."""
    root = tmp_path_factory.mktemp("runs")
    for number, name in enumerate(("first", "second")):
        write_images(root / name, number)
    found = {"this": Run(root / "this", root / "first")}
    for name, (source, changes) in OTHERS.items():
        found[name] = Run(root / name.replace(" ", "-"), root / source, **changes)
    for run in found.values():
        for stage, make in run.stages().items():
            if stage != "reports":
                make()
    return found


def test_run_with_its_own_tables_goes_through(runs: dict[str, Run], tmp_path: Path) -> None:
    shutil.copytree(runs["this"].root, tmp_path / "copy")
    Run(tmp_path / "copy", runs["this"].source).make_reports()


def test_run_on_packed_images_goes_through_with_the_whole_ones(
    runs: dict[str, Run], tmp_path: Path
) -> None:
    """As in slices: training reads selections of the images, the reports all of them."""
    shutil.copytree(runs["this"].root, tmp_path / "copy")
    copy, pack = Run(tmp_path / "copy", runs["this"].source), tmp_path / "pack"
    pack.mkdir()
    lists = [copy.tail / "real.parquet", copy.tail / "validation.parquet", copy.made]
    ids = set(manifest.read(lists, "members", columns=["id"])["id"].to_pylist())
    wholes = {"train": copy.train, "test": copy.test}
    wholes |= {path.stem: path for path in copy.shards}
    packed = {
        name: [
            pack / file for file in pack_images(path, pack, name, None if name == "test" else ids)
        ]
        for name, path in wholes.items()
    }
    assert "selected_from" in manifest.read_metadata(packed["train"][0])["provenance"]
    whole = copy.train, copy.test, copy.shards
    (copy.train,), (copy.test,) = packed["train"], packed["test"]
    copy.shards = [*packed["shard-0"], *packed["shard-1"]]
    shutil.rmtree(copy.run)
    copy.make_training()
    copy.train, copy.test, copy.shards = whole
    copy.make_evaluation()
    copy.make_reports()


def test_runs_on_other_images_of_one_data_set_stand_in_no_table(runs: dict[str, Run]) -> None:
    metrics = {name: run.metrics for name, run in runs.items()}
    assert len(read_measured([metrics["this"], metrics["another seed"]])) == 2
    with pytest.raises(
        UserError,
        match="made from other test images than .* make its predictions again, then run the eval",
    ):
        read_measured([metrics["this"], metrics["other images"]])


READ_BY = {
    "dataset/train": ("images", "subset"),
    "dataset/test": ("scores",),
    "images/shard-0": ("scores",),
    "images/shard-1": ("scores",),
    "scores/shard-0": ("filter",),
    "scores/shard-1": ("filter",),
    "scores/test": ("filter",),
    "filter/kept": ("complement",),
    "subset/real": ("complement",),
    "subset/validation": ("training",),
    "complement/synthetic": ("training",),
    "training/predictions": ("evaluation",),
    "training/history": ("reports",),
    "training/label_correction": ("reports",),
    "evaluation/metrics": ("reports",),
}
"""Each table, and the first stages that read it: they and those after them run again."""


OTHERS_DIFFER_FROM = {
    "other images": "dataset/train",
    "another data seed": "subset/real",
    "another seed": "training/predictions",
}
"""From which table on each other run has others."""


def table_in(run: Run, name: str) -> Path:
    stage, file = name.split("/")
    (path,) = sorted((run.root / stage).rglob(f"{file}.parquet"))
    return path


def cases() -> list[tuple[str, str, str]]:
    """Return which table of which other run takes the place of this run's, and what runs then.

    What no report reads cannot be told by the reports alone.
    """
    swaps = [
        (name, other)
        for other, first in OTHERS_DIFFER_FROM.items()
        for name in list(READ_BY)[list(READ_BY).index(first) :]
    ]
    unread = ("scores/test", "subset/validation")
    alone = [(*swap, "reports alone") for swap in swaps if swap[0] not in unread]
    return [*alone, *((*swap, "all that follows") for swap in swaps)]


@pytest.mark.parametrize(("name", "other", "rerun"), cases())
def test_table_of_another_run_is_refused(
    runs: dict[str, Run], name: str, other: str, rerun: str, tmp_path: Path
) -> None:
    theirs = table_in(runs[other], name).read_bytes()
    assert theirs != table_in(runs["this"], name).read_bytes()
    shutil.copytree(runs["this"].root, tmp_path / "copy")
    copy = Run(tmp_path / "copy", runs["this"].source)
    shutil.rmtree(copy.run / "predictions.reuse")
    table_in(copy, name).write_bytes(theirs)
    with pytest.raises(UserError) as refusal:
        for stage, make in copy.stages().items():
            if stage == "reports" or (rerun != "reports alone" and follows(stage, name)):
                make()
    assert re.search(f"{tmp_path}|--members", str(refusal.value))
    assert "\n" not in str(refusal.value)


def follows(stage: str, name: str) -> bool:
    order = list(Run.stages(Run(Path(), Path())))
    return order.index(stage) >= min(order.index(first) for first in READ_BY[name])


def test_predictions_of_another_run_are_pooled_in_no_fold(
    runs: dict[str, Run], tmp_path: Path
) -> None:
    shutil.copytree(runs["this"].root, tmp_path / "copy")
    assert len(predictions_of(tmp_path / "copy", "ce", "2", [(0, 0)])) > 0
    theirs = table_in(runs["another seed"], "training/predictions")
    copy = Run(tmp_path / "copy", runs["this"].source)
    table_in(copy, "training/predictions").write_bytes(theirs.read_bytes())
    with pytest.raises(UserError, match="lies where seed 0 belongs, but was made for 1"):
        predictions_of(tmp_path / "copy", "ce", "2", [(0, 0)])


def test_folds_are_pooled_of_the_seeds_that_are_asked_for(
    runs: dict[str, Run], tmp_path: Path
) -> None:
    """What earlier settings have left beside them is no network of these."""
    copy = tmp_path / "copy"
    shutil.copytree(runs["this"].root, copy)
    shutil.copytree(runs["another seed"].root, copy, dirs_exist_ok=True)
    one, both = (predictions_of(copy, "ce", "2", [(0, s) for s in n]) for n in ([0], [0, 1]))
    assert (one.run.nunique(), both.run.nunique()) == (1, 2)
    with pytest.raises(UserError, match=r"seed-2/predictions\.parquet: no such file; run again"):
        predictions_of(copy, "ce", "2", [(0, 2)])
