"""Pictures that start from real training images: from which, and from no other."""

import hashlib
import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.pipeline.images import generate
from sau.pipeline.images.guides import guide_of
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.stage import images
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import subset
from sau.sources.decode import encode_png
from sau.storage import manifest
from sau.storage.manifest import reading
from tests.pipeline.images.conftest import pixels, rows_of
from tests.pipeline.images.quick import Quick
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline

NAMES = ["zero", "one"]
OF_CLASS = 18


class Real:
    """A folder with real images of two classes, their tails, and prompts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for split in ("train", "test"):
            self.write_images(split)
        rows = [
            {"id": f"{name}/{number:06d}", "label": label, "class_name": name, "source": "template"}
            | {"prompt": f"A photo of the digit {name}."}
            for label, name in enumerate(NAMES)
            for number in range(20)
        ]
        table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["prompts"])
        facts = {"class_names": NAMES}
        manifest.write(folder / "prompts.parquet", "prompts", table, facts)

    def write_images(self, split: str, stream: int = 0, only: str = "") -> None:
        """Write real images of noise, each unlike the others; of another stream only one differs.

        Args:
            split: train or test.
            stream: of the noise.
            only: id of the image that is of that stream.
        """
        rows = []
        for label, number in itertools.product(range(len(NAMES)), range(OF_CLASS)):
            name = f"{split}/{label}/{number}"
            noise = numpy_generator(name, stream if name == only else 0)
            picture = Image.fromarray(noise.integers(0, 256, (16, 16, 3), np.uint8))
            row = {"id": name, "label": label, "width": 16, "height": 16, "status": "ok"}
            rows.append(row | {"image": {"bytes": encode_png(picture), "path": None}})
        table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
        facts = {"class_names": NAMES, "dataset": "noise", "split": f"{split}ing"[:8]}
        manifest.write(self.folder / f"{split}.parquet", "images", table, facts)

    def tails(
        self, *factors_and_seeds: tuple[str, int], held: bool = False, **settings: Any
    ) -> list[Path]:
        """Cut tails, and return the lists of their training members, or of what they hold out."""
        made = []
        for factor, seed in factors_and_seeds:
            place = self.folder / "subset" / f"imbalance-{factor}" / f"data-seed-{seed}"
            place.mkdir(parents=True, exist_ok=True)
            lists = [place / "real.parquet", place / "validation.parquet"]
            subset(
                self.folder / "train.parquet",
                *lists,
                imbalance_factor=factor,
                data_seed=seed,
                settings=SubsetSettings(**settings),
            )
            made.append(lists[held])
        return made

    def draw(self, tails: list[Path], shard: int = 0, **settings: Any) -> Path:
        """Run the stage for one shard, and return its file."""
        shards = settings.get("shards", 1)
        output = self.folder / f"of-{shards}" / f"shard-{shard}.parquet"
        output.parent.mkdir(exist_ok=True)
        wanted = {"source": "glide", "steps": "4", "guide": "real", "shards": 1}
        images(
            self.folder / "train.parquet",
            output,
            shard=shard,
            prompts=self.folder / "prompts.parquet",
            tails=tails,
            settings=ImagesSettings(**{**wanted, **settings}),
        )
        return output


@pytest.fixture
def real(tmp_path: Path) -> Real:
    """Real images, with the real generator."""
    return Real(tmp_path)


@pytest.fixture
def quick(real: Real, monkeypatch: pytest.MonkeyPatch) -> Real:
    """The same with a generator that needs no time."""
    monkeypatch.setattr(generate, "load_generator", Quick)
    monkeypatch.setattr(Quick, "sizes", [])
    return real


def ids_of(path: Path) -> set[str]:
    """Return the ids of a list of members."""
    return set(manifest.read(path, "members")["id"].to_pylist())


@pytest.mark.parametrize("protocol", ["choice", "cao"])
@pytest.mark.parametrize("held", [0.0, 0.25])
@pytest.mark.parametrize(
    "grid", [[("2", 0)], [("2", 0), ("3", 0), ("as-is", 0)], [("2", 0), ("2", 1)]]
)
def test_guide_is_a_training_member_of_every_tail_and_nothing_else(
    quick: Real, protocol: str, held: float, grid: list[tuple[str, int]]
) -> None:
    """Not a test image, none that any tail holds out or leaves out, none of another class."""
    tails = quick.tails(*grid, protocol=protocol, validation_fraction=held)
    rows = rows_of(quick.draw(tails))
    guides = {row["guide"] for row in rows}
    real = {row["id"]: row for row in rows_of(quick.folder / "train.parquet")}
    assert guides == set.intersection(*map(ids_of, tails))
    for path in tails:
        assert guides.isdisjoint(ids_of(path.with_name("validation.parquet")))
    assert guides.isdisjoint(row["id"] for row in rows_of(quick.folder / "test.parquet"))
    for row in rows:
        guide = real[row["guide"]]
        assert guide["label"] == row["label"]
        digest = hashlib.sha256(guide["image"]["bytes"]).hexdigest()
        assert row["guide_sha256"] == digest


@pytest.mark.parametrize("protocol", ["choice", "cao"])
def test_longer_tail_is_part_of_a_shorter_one_of_its_data_seed(real: Real, protocol: str) -> None:
    """So what factors have in common is the largest one's, and a smaller one draws nothing new."""
    members = [ids_of(p) for p in real.tails(("as-is", 5), ("2", 5), ("4", 5), protocol=protocol)]
    assert members[0] > members[1] > members[2]


def test_members_take_turns_each_in_an_order_of_its_own() -> None:
    members = [f"m{number}" for number in range(6)]
    turns = [[guide_of(members, "cat", 6 * t + n, 0) for n in range(6)] for t in range(4)]
    assert all(sorted(turn) == members for turn in turns)
    assert len({tuple(turn) for turn in turns}) == 4
    other_class = [guide_of(members, "dog", number, 0) for number in range(6)]
    other_seed = [guide_of(members, "cat", number, 1) for number in range(6)]
    assert turns[0] not in (other_class, other_seed)
    assert [guide_of(["one"], "cat", number, 0) for number in range(3)] == ["one"] * 3


@pytest.mark.parametrize("source", ["glide", "diffusers"])
def test_picture_is_the_same_whatever_shard_and_batch_it_falls_in(real: Real, source: str) -> None:
    given = {} if source == "glide" else {"model": save_tiny_pipeline(real.folder / "model")}
    given |= {"source": source}
    tails = real.tails(("2", 0))
    whole = real.draw(tails, batch_size=40, **given)
    parts = [real.draw(tails, shard, shards=3, batch_size=7, **given) for shard in range(3)]
    assert np.array_equal(pixels(*parts), pixels(whole))
    by_id = {row["id"]: row for path in parts for row in rows_of(path)}
    assert by_id == {row["id"]: row for row in rows_of(whole)}


def test_weaker_guidance_keeps_more_of_the_guide(real: Real) -> None:
    tails = real.tails(("2", 0))
    real_rows = {row["id"]: row for row in rows_of(real.folder / "train.parquet")}
    distances = []
    for strength in (0.25, 0.5, 1.0):
        path = real.draw(tails, strength=strength)
        rows = sorted(rows_of(path), key=lambda row: row["id"])
        guides = [Image.open(io.BytesIO(real_rows[r["guide"]]["image"]["bytes"])) for r in rows]
        start = np.stack([np.asarray(guide, float) for guide in guides])
        distances.append(np.abs(pixels(path) - start).mean())
    assert distances[0] < distances[1] < distances[2]


def test_only_pictures_of_a_changed_guide_are_drawn_again(quick: Real) -> None:
    quick.draw(quick.tails(("2", 0)))
    before = {row["id"]: row for row in rows_of(quick.folder / "of-1" / "shard-0.parquet")}
    changed = next(iter(before.values()))["guide"]
    quick.write_images("train", 1, only=changed)
    Quick.sizes.clear()
    after = {row["id"]: row for row in rows_of(quick.draw(quick.tails(("2", 0))))}
    redrawn = {name for name, row in after.items() if row["image"] != before[name]["image"]}
    assert redrawn == {name for name, row in before.items() if row["guide"] == changed}
    assert sum(Quick.sizes) == len(redrawn) > 0


def test_smaller_factor_that_comes_later_draws_nothing(quick: Real) -> None:
    path = quick.draw(quick.tails(("4", 0)))
    before = rows_of(path)
    Quick.sizes.clear()
    assert rows_of(quick.draw(quick.tails(("4", 0), ("2", 0)))) == before
    assert Quick.sizes == []


def test_killed_job_goes_on_to_the_same_bytes(quick: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    tails = quick.tails(("2", 0))
    monkeypatch.setattr(Quick, "most", 2)
    with pytest.raises(RuntimeError, match="killed"):
        quick.draw(tails, batch_size=8)
    monkeypatch.setattr(Quick, "most", 99)
    resumed = quick.draw(tails, batch_size=8)
    assert sum(Quick.sizes) == 40
    found = resumed.read_bytes()
    for left in resumed.parent.glob("*.reuse"):
        (left / "shard").unlink()
    resumed.unlink()
    assert quick.draw(tails, batch_size=8).read_bytes() == found


def test_guides_of_a_shard_are_read_in_one_pass(
    quick: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    tails = quick.tails(("2", 0))
    groups: list[int] = []
    read = reading._read_group

    def counted(path: Path, *given: Any) -> Any:
        groups.extend([given[2]] if path.name == "train.parquet" else [])
        return read(path, *given)

    monkeypatch.setattr(reading, "_read_group", counted)
    quick.draw(tails, batch_size=7)
    assert len(Quick.sizes) > 1
    assert groups == [0]


def test_single_class_is_guided_and_another_is_not(quick: Real) -> None:
    settings = {"guide": "none", "per_class": {"one": {"guide": "real", "strength": 0.75}}}
    rows = rows_of(quick.draw(quick.tails(("2", 0)), **settings))
    assert {row["label"] for row in rows if row["guide"]} == {1}
    settings = {"strength": 0.75, "per_class": {"zero": {"guide": "none"}}}
    assert rows_of(quick.draw(quick.tails(("2", 0)), **settings)) == rows


def test_lists_that_are_no_tail_are_refused(quick: Real) -> None:
    held = quick.tails(("2", 0), held=True, validation_fraction=0.5)
    with pytest.raises(UserError, match="holds the validation images, expected the training"):
        quick.draw(held)
    with pytest.raises(UserError, match="--tails: missing, but images.guide: real"):
        quick.draw([])
    tails = quick.tails(("2", 0))
    with pytest.raises(UserError, match="--tails: given, but images.guide is none"):
        quick.draw(tails, guide="none")
    made = manifest.read_metadata(tails[0])["provenance"]
    table = manifest.read(tails[0], "members")
    manifest.write(tails[0], "members", table.slice(1), made)
    with pytest.raises(UserError, match="not the real training images of one tail"):
        quick.draw(tails)


def test_tails_without_a_common_image_of_a_class_are_refused(quick: Real) -> None:
    tails = quick.tails(*(("18", seed) for seed in range(3)))
    with pytest.raises(UserError, match=r"no image of class 'one' is in all 3 tails of the run"):
        quick.draw(tails)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strength": 0.2}, "images.strength: strength 0.2 takes none of 4 steps; raise it"),
        ({"sampler": "ddim", "steps": "1,1", "strength": 0.4}, "takes none of 2 steps"),
        ({"strength": 0.0}, "images.strength: 0.0 must be above 0"),
        ({"strength": 0.7, "guide": "none"}, "images.strength: 0.7 has no effect with images.gui"),
        ({"guide": "real", "source": "imported"}, "images.guide: 'real' has no effect"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], message: str) -> None:
    wanted = {"source": "glide", "steps": "4", "guide": "real"}
    if settings.get("source") == "imported":
        wanted = {"folder": "made"}
    with pytest.raises(UserError, match=message):
        ImagesSettings(**{**wanted, **settings})
