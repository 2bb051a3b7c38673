import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import real_counts, subset
from sau.storage import manifest

NAMES = ["ant", "bee", "cat"]


@pytest.fixture
def folder(tmp_path):
    """Twenty real images of each class, and a failed one."""
    rows = [
        {"id": f"real/{label}/{i}", "label": label, "status": "ok" if i < 20 else "failed"}
        for label in range(3)
        for i in range(21)
    ]
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
    facts = {"class_names": NAMES, "dataset": "zoo"}
    manifest.write(tmp_path / "train.parquet", "images", table, facts)
    return tmp_path


def run(folder, factor, data_seed=0, **settings):
    """Return the ids that are trained on, those that are held out, and the facts."""
    paths = [folder / f"{name}.parquet" for name in ("train", "real", "validation")]
    made = SubsetSettings(**settings)
    subset(*paths, imbalance_factor=factor, data_seed=data_seed, settings=made)
    real, held = (manifest.read(path, "members").to_pandas() for path in paths[1:])
    facts = [manifest.read_metadata(path)["provenance"] for path in paths[1:]]
    assert [fact.pop("split") for fact in facts] == ["training", "validation"]
    assert facts[0] == facts[1]
    for table in (real, held):
        assert not table["is_synthetic"].any()
        assert (table["id"].str.split("/").str[1].astype("int32") == table["label"]).all()
    return real["id"].tolist(), held["id"].tolist(), facts[0]


def counts_of(ids):
    return np.bincount([int(name.split("/")[1]) for name in ids], minlength=3).tolist()


def test_tail_has_its_counts_and_no_failed_image(folder):
    real, held, facts = run(folder, "2")
    assert facts["real_counts"] == counts_of(real) == [20, 14, 10]
    assert facts["validation_counts"] == [0, 0, 0]
    assert held == []
    assert len(set(real)) == len(real)
    assert not any(name.endswith("/20") for name in real)


def test_data_seeds_differ_and_repeat(folder):
    first, again, other = (run(folder, "2", seed, validation_fraction=0.2) for seed in (0, 0, 1))
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_factor_that_empties_a_class_is_refused_or_capped(folder):
    with pytest.raises(UserError, match=r"leaves class cat empty.*largest possible factor is 20"):
        run(folder, "100")
    _, _, facts = run(folder, "100", on_empty_class="cap")
    assert (facts["requested_imbalance_factor"], facts["imbalance_factor"]) == ("100", 20.0)
    assert facts["real_counts"] == [20, 4, 1]


def test_factor_that_a_refusal_names_is_accepted(tmp_path, folder):
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


def test_class_larger_than_its_images_is_refused(folder):
    with pytest.raises(UserError, match="class ant should keep 30 real images, but has 20"):
        run(folder, "2", largest_class=30)


def test_protocol_as_is_keeps_every_real_image(folder):
    real, _, facts = run(folder, "as-is")
    assert facts["real_counts"] == counts_of(real) == [20, 20, 20]
    assert facts["imbalance_factor"] == 1.0


@pytest.mark.parametrize("protocol", ["choice", "cao"])
@pytest.mark.parametrize("factor", ["2", "as-is"])
def test_held_out_images_are_taken_off_the_tail_and_nothing_else_changes(folder, factor, protocol):
    whole, _, facts = run(folder, factor, protocol=protocol)
    real, held, changed = run(folder, factor, protocol=protocol, validation_fraction=0.3)
    expected = [round(0.3 * count) for count in facts["real_counts"]]
    assert counts_of(held) == changed["validation_counts"] == expected
    assert counts_of(real) == changed["real_counts"]
    assert not set(real) & set(held)
    # The order of the draw stays in both.
    assert real == [name for name in whole if name not in held]
    assert held == [name for name in whole if name in held]
    assert changed["imbalance_factor"] == facts["imbalance_factor"]


def test_class_keeps_its_last_image(folder):
    real, held, facts = run(folder, "20", validation_fraction=0.99)
    assert counts_of(real) == facts["real_counts"] == [1, 1, 1]
    assert counts_of(held) == facts["validation_counts"] == [19, 3, 0]
    with pytest.raises(UserError, match=r"subset.validation_fraction: 1 must be below 1"):
        SubsetSettings(validation_fraction=1)
