import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.longtail.complement import best_complement, draw_complement
from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.complement.stage import complement
from sau.storage import manifest
from tests.assets.test_validated import network

NAMES = ["ant", "bee", "cat"]
KEPT, MADE = 12, 15

PINNED = [[1, 10, 4, 8, 5], [13, 1, 10, 2, 14]]
"""What was drawn when one stage still wrote real and synthetic members together."""


SCORES = [0.1, 0.4, 0.2, 0.4, 0.3, 0.1, 0.2, 0.4, 0.3, 0.1, 0.2, 0.3, 0.9, 0.9, 0.9]
"""Of each class's images; the last three, which are not kept, have the best."""


@pytest.fixture
def folder(tmp_path):
    """Fifteen synthetic images of each class, of which twelve are kept."""
    rows = [
        {
            "id": f"synthetic/{label}/{i}",
            "label": label,
            "score": SCORES[i],
            "kept": i < KEPT,
            "reason": "test",
        }
        for label in range(3)
        for i in range(MADE)
    ]
    write(tmp_path / "kept.parquet", "kept", rows)
    return tmp_path


def write(path, kind, rows, **facts):
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS[kind])
    manifest.write(path, kind, table, {"class_names": NAMES, "dataset": "zoo"} | facts)


def facts_of(counts, data_seed=0):
    return {
        "requested_imbalance_factor": "2",
        "imbalance_factor": 2.0,
        "data_seed": data_seed,
        "real_counts": counts,
    }


def run(folder, counts, data_seed=0, **settings):
    rows = [
        {"id": f"real/{label}/{i}", "label": label, "is_synthetic": False}
        for label, count in enumerate(counts)
        for i in range(count)
    ]
    paths = [folder / f"{name}.parquet" for name in ("real", "kept", "synthetic")]
    write(paths[0], "members", rows, **facts_of(counts, data_seed))
    complement(*paths, settings=ComplementSettings(**settings))
    table = manifest.read(paths[2], "members").to_pandas()
    assert table["is_synthetic"].all()
    assert (table["id"].str.split("/").str[1].astype("int32") == table["label"]).all()
    return table["id"].tolist(), manifest.read_metadata(paths[2])["provenance"]


def test_complement_fills_each_class_to_the_largest_from_kept_images(folder):
    ids, facts = run(folder, [20, 14, 10])
    labels, places = zip(*(map(int, name.split("/")[1:]) for name in ids), strict=True)
    assert np.bincount(labels, minlength=3).tolist() == [0, 6, 10]
    assert len(set(ids)) == len(ids)
    assert max(places) < KEPT
    assert facts["synthetic_counts"] == facts["lacking_counts"] == [0, 6, 10]
    assert facts_of([20, 14, 10]).items() <= facts.items()
    assert (facts["dataset"], facts["class_names"]) == ("zoo", NAMES)


def test_balanced_tail_has_an_empty_complement(folder):
    ids, facts = run(folder, [5, 5, 5])
    assert ids == []
    assert facts["synthetic_counts"] == [0, 0, 0]


@pytest.mark.parametrize("order", ["random", "best"])
def test_complement_by_need_has_as_many_images_more_of_the_hard_class(folder, tmp_path, order):
    (tmp_path / "networks").mkdir()
    need = [network(tmp_path / "networks", [8, 8, 8], [8, 7, 2])]
    ids, facts = run(folder, [20, 14, 10], order=order, need=need, on_shortage="underfill")
    # 6 x 2/10 and 10 x 7/10 of 16 images: 2.3 and 13.7, of which there are but 12.
    assert facts["lacking_counts"] == [0, 2, 14]
    assert facts["need"]["right"] == [8, 7, 2]
    assert len(ids) == 14


def test_draw_depends_on_the_data_seed_of_the_tail(folder):
    first, again, other = (run(folder, [20, 14, 10], seed)[0] for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_smaller_complement_is_part_of_the_larger(folder):
    small, large = (set(run(folder, counts)[0]) for counts in ([20, 16, 13], [20, 14, 10]))
    assert small < large


def test_draw_is_the_first_of_one_shuffle_of_each_class():
    labels = np.tile([0, 1, 2], 5)
    for seed, expected in enumerate(PINNED):
        assert draw_complement(labels, [0, 3, 2], seed).tolist() == expected
        order = [
            numpy_generator("complement", seed, c).permutation(5)[:n] for c, n in ((1, 3), (2, 2))
        ]
        assert [3 * i + c for c, places in enumerate(order, 1) for i in places] == expected


def slow_best(count):
    """Kept places of a class by score, ties by id as text: 10 comes before 2."""
    return sorted(range(KEPT), key=lambda i: (-SCORES[i], f"{i}"))[:count]


def test_best_are_exactly_what_the_class_lacks_with_ties_by_id(folder):
    ids, facts = run(folder, [20, 14, 10], order="best")
    assert ids == [f"synthetic/1/{i}" for i in slow_best(6)] + [
        f"synthetic/2/{i}" for i in slow_best(10)
    ]
    assert facts["synthetic_counts"] == facts["lacking_counts"] == [0, 6, 10]
    assert facts["settings"]["order"] == "best"
    assert run(folder, [20, 14, 10], data_seed=1, order="best")[0] == ids


def test_members_have_their_scores(folder):
    run(folder, [20, 14, 10])
    kept, drawn = (
        manifest.read(folder / f"{name}.parquet", kind, columns=["id", "score"]).to_pandas()
        for name, kind in (("kept", "kept"), ("synthetic", "members"))
    )
    assert (drawn.set_index("id")["score"] == kept.set_index("id")["score"][drawn["id"]]).all()


def test_best_of_a_smaller_tail_are_part_of_a_larger_ones(folder):
    small, large = (set(run(folder, c, order="best")[0]) for c in ([20, 16, 13], [20, 14, 10]))
    assert small < large


def test_best_of_too_few_are_all_of_them(folder):
    ids, facts = run(folder, [20, 4, 20], order="best", on_shortage="underfill")
    assert ids == [f"synthetic/1/{i}" for i in slow_best(KEPT)]
    assert facts["synthetic_counts"] == [0, KEPT, 0]


@pytest.mark.parametrize("score", [None, float("nan")])
def test_best_of_images_without_a_score_are_refused(folder, score):
    rows = [
        {"id": f"{place}", "label": 0, "score": value, "kept": True, "reason": "test"}
        for place, value in enumerate([0.5, score])
    ]
    write(folder / "kept.parquet", "kept", rows)
    with pytest.raises(UserError, match=r"complement.order: best, but 1 of 2 kept images"):
        run(folder, [1, 2, 2], order="best")


def test_class_without_images_or_without_lack_draws_nothing():
    empty = pa.array([], pa.float32()), pa.array([], pa.string())
    nothing = np.empty(0, dtype=np.int64)
    assert best_complement(nothing, *empty, [3, 0]).tolist() == []
    assert draw_complement(nothing, [3, 0], 0).tolist() == []


def test_shortage_is_refused_or_underfilled(folder):
    with pytest.raises(UserError, match="cat lacks 19, has 12; bee lacks 16, has 12") as error:
        run(folder, [20, 4, 1])
    assert "set complement.on_shortage to underfill" in str(error.value)
    _, facts = run(folder, [20, 4, 1], on_shortage="underfill")
    assert facts["synthetic_counts"] == [0, 12, 12]
    assert facts["lacking_counts"] == [0, 16, 19]


def test_kept_images_of_other_classes_are_refused(folder):
    rows = [{"id": "a", "label": 3, "kept": True, "reason": "test"}]
    write(folder / "kept.parquet", "kept", rows)
    with pytest.raises(UserError, match="the first is 3; expected 0 to 2"):
        run(folder, [2, 1, 1])


def test_members_that_no_subset_stage_wrote_are_refused(folder):
    write(folder / "real.parquet", "members", [])
    paths = [folder / f"{name}.parquet" for name in ("real", "kept", "synthetic")]
    with pytest.raises(UserError, match="lacks 'requested_imbalance_factor'; run its stage again"):
        complement(*paths, settings=ComplementSettings())


def again(folder, **settings):
    """Run the stage once more on what `run` has left, and return its members and facts."""
    paths = [folder / f"{name}.parquet" for name in ("real", "kept", "synthetic")]
    complement(*paths, settings=ComplementSettings(**settings))
    return manifest.read(paths[2], "members"), manifest.read_metadata(paths[2])["provenance"]


def test_swapped_labels_keep_what_the_images_show(folder):
    ids, _ = run(folder, [20, 14, 14])
    plain, _ = again(folder)
    assert plain["true_label"].null_count == 12
    table, facts = again(folder, swap_labels=0.5)
    assert table["id"].to_pylist() == ids
    assert table["true_label"].to_pylist() == plain["label"].to_pylist()
    wrong = [a != b for a, b in zip(table["label"], table["true_label"], strict=True)]
    assert facts["swapped"] == sum(wrong) == 6
    counts = np.bincount(table["label"].to_numpy(), minlength=3).tolist()
    assert counts == facts["synthetic_counts"] == [0, 6, 6]
    assert again(folder, swap_labels=0.5)[0].equals(table)


def test_labels_that_cannot_be_swapped_are_refused(folder):
    run(folder, [20, 20, 10])
    with pytest.raises(UserError, match=r"^complement.swap_labels: 0.2 takes 2 images of class 2"):
        again(folder, swap_labels=0.2)


def test_judge_says_what_the_images_show_and_labels_stay(folder):
    ids, _ = run(folder, [20, 14, 14])
    path = folder / "judge.csv"
    said = {name: NAMES[place % 3] for place, name in enumerate(ids)}
    rows = "".join(f"{name},{shows},0.9\n" for name, shows in said.items())
    path.write_text(f"id,class,sure\n{rows}another,bee,1\n")
    plain, _ = again(folder)
    table, facts = again(folder, judge=str(path))
    assert table["label"].equals(plain["label"])
    assert [NAMES[label] for label in table["true_label"].to_pylist()] == list(said.values())
    assert len(facts["judge_sha256"]) == 64
    path.write_text(path.read_text().replace(",bee,1", ",bee,0"))
    assert again(folder, judge=str(path))[1]["judge_sha256"] != facts["judge_sha256"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no readable CSV file"),
        ("\xff", "no readable CSV file"),
        ("", "no readable CSV file"),
        ("id,label\na,ant\n", "no column 'class'"),
        ("id,class\nx,ant\nx,bee\n", "id 'x' twice"),
        (
            "id,class\nx,ant\n",
            "12 of 12 synthetic images are not in it, the first is ",
        ),
        ("all", "shows 'bees', which is no class; did you mean 'bee'"),
    ],
)
def test_judge_who_does_not_fit_is_refused(folder, text, message):
    ids, _ = run(folder, [20, 14, 14])
    path = folder / "judge.csv"
    if text == "all":
        text = "id,class\n" + "".join(f"{name},bees\n" for name in ids)
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match="^complement.judge: .*judge.csv.*") as refused:
        again(folder, judge=str(path))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_two_truths_are_refused():
    with pytest.raises(UserError, match=r"^complement.judge: a.csv, but .*swap_labels is 0.2"):
        ComplementSettings(judge="a.csv", swap_labels=0.2)
