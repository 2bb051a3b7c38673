import numpy as np
import pyarrow as pa
import pytest

from sau import manifest
from sau.errors import UserError
from sau.subset.settings import SubsetSettings
from sau.subset.stage import real_counts, subset

NAMES = ["ant", "bee", "cat"]


@pytest.fixture
def folder(tmp_path):
    """Real: 20 of each class and a failed one; synthetic: 15 of each, of which 12 are kept."""
    real = [
        {"id": f"real/{label}/{i}", "label": label, "status": "ok" if i < 20 else "failed"}
        for label in range(3)
        for i in range(21)
    ]
    kept = [
        {"id": f"synthetic/{label}/{i}", "label": label, "kept": i < 12, "reason": "test"}
        for label in range(3)
        for i in range(15)
    ]
    facts = {"class_names": NAMES, "dataset": "zoo"}
    for kind, rows, name in (("images", real, "train"), ("kept", kept, "kept")):
        table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS[kind])
        manifest.write(tmp_path / f"{name}.parquet", kind, table, facts)
    return tmp_path


def run(folder, factor, data_seed=0, **settings):
    subset(
        folder / "train.parquet",
        folder / "kept.parquet",
        folder / "members.parquet",
        imbalance_factor=factor,
        data_seed=data_seed,
        settings=SubsetSettings(**settings),
    )
    table = manifest.read(folder / "members.parquet", "members").to_pandas()
    facts = manifest.read_metadata(folder / "members.parquet")["provenance"]
    return table, facts


def test_complement_balances_the_classes(folder):
    table, facts = run(folder, "2")
    assert facts["real_counts"] == [20, 14, 10]
    assert facts["synthetic_counts"] == [0, 6, 10]
    assert table["label"].value_counts().to_dict() == {0: 20, 1: 20, 2: 20}
    assert table["id"].is_unique
    assert not table["id"].str.endswith("/20").any(), "a failed image is no member"
    used = table.loc[table["is_synthetic"], "id"].str.split("/").str[-1].astype(int)
    assert used.max() < 12, "only kept images"


def test_data_seeds_differ_and_repeat(folder):
    first, _ = run(folder, "2")
    again, _ = run(folder, "2")
    other, _ = run(folder, "2", data_seed=1)
    assert first.equals(again)
    assert not first.equals(other)


def test_smaller_complement_is_part_of_the_larger(folder):
    small, _ = run(folder, "1.5")
    large, _ = run(folder, "2")
    synthetic = [set(t.loc[t["is_synthetic"], "id"]) for t in (small, large)]
    assert synthetic[0] < synthetic[1]


def test_factor_that_empties_a_class_is_refused_or_capped(folder):
    with pytest.raises(UserError, match=r"leaves class cat empty.*largest possible factor is 20"):
        run(folder, "100")
    _, facts = run(folder, "100", on_empty_class="cap", on_shortage="underfill")
    assert (facts["requested_imbalance_factor"], facts["imbalance_factor"]) == ("100", 20.0)
    assert facts["real_counts"] == [20, 4, 1]


def test_shortage_is_refused_or_underfilled(folder):
    with pytest.raises(UserError, match="bee lacks 16, has 12; cat lacks 19, has 12"):
        run(folder, "20")
    _, facts = run(folder, "20", on_shortage="underfill")
    assert facts["synthetic_counts"] == [0, 12, 12]
    assert facts["lacking_counts"] == [0, 16, 19]


def test_the_factor_that_a_refusal_names_is_accepted(tmp_path, folder):
    """49 * 49 ** -1 is a little less than 1 in floating point."""
    with pytest.raises(UserError, match="largest possible factor is 49"):
        real_counts(np.repeat([0, 1, 2], 49), NAMES, "500", SubsetSettings())
    counts, applied = real_counts(np.repeat([0, 1, 2], 49), NAMES, "49", SubsetSettings())
    assert counts[-1] == 1
    assert applied == pytest.approx(49)


def test_data_seed_must_fit_the_generator(folder):
    with pytest.raises(UserError, match="--data-seed: -1 must be from 0"):
        run(folder, "2", data_seed=-1)


@pytest.mark.parametrize("factor", ["0.5", "nan", "inf", "-3", "ten"])
def test_impossible_factors(folder, factor):
    with pytest.raises(UserError, match="must be a number of at least 1, or as-is"):
        run(folder, factor)


def test_more_images_than_exist(folder):
    with pytest.raises(UserError, match="class ant should keep 30 real images, but has 20"):
        run(folder, "2", largest_class=30, on_shortage="underfill")


def test_as_is_keeps_every_real_image(folder):
    table, facts = run(folder, "as-is")
    assert facts["real_counts"] == [20, 20, 20]
    assert facts["imbalance_factor"] == 1.0
    assert not table["is_synthetic"].any()
