"""What is learned of each class: by what, from what, and to which bytes."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sau.core.errors import UserError
from sau.pipeline.personalise import learn
from sau.pipeline.personalise.words import Words
from sau.pipeline.personalised import read_record
from sau.storage import manifest
from sau.storage.manifest import reading
from tests.pipeline.personalise.conftest import METHODS, SOURCES, Inputs


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of each file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def flip(path: Path) -> None:
    """Turn a bit of a file's last number."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    """Take off a file's end."""
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("method", METHODS)
def test_killed_job_goes_on_to_the_same_bytes(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch, method: str, source: Any
) -> None:
    settings = {"source": source, "checkpoint_every": 2}
    whole = bytes_of(inputs.learn(method, name="whole", **settings))
    steps: list[int] = []
    draws = learn._draws

    def killed(*arguments: Any) -> Any:
        steps.append(arguments[2])
        if len(steps) == 9:  # the fourth step of the second class, after its first checkpoint
            raise RuntimeError("killed")
        return draws(*arguments)

    monkeypatch.setattr(learn, "_draws", killed)
    with pytest.raises(RuntimeError, match="killed"):
        inputs.learn(method, **settings)
    assert not (inputs.folder / "shard" / "shard-0").exists()
    assert bytes_of(inputs.learn(method, **settings)) == whole
    assert steps == [0, 1, 2, 3, 4, 0, 1, 2, 3, 2, 3, 4]
    assert not list(inputs.folder.rglob("*.checkpoint"))
    inputs.learn(method, source=source)  # and is not learned a second time
    assert len(steps) == 12


def test_class_does_not_depend_on_the_shard_that_it_is_in(inputs: Inputs) -> None:
    whole = bytes_of(inputs.learn("textual-inversion", name="whole"))
    for shard, name in enumerate(("zero", "one")):
        part = bytes_of(inputs.learn("textual-inversion", shard, shards=2))
        assert set(part) == {f"{name}.safetensors", "record.json"}
        assert part[f"{name}.safetensors"] == whole[f"{name}.safetensors"]


def test_other_shards_learn_nothing_again(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bytes_of(inputs.learn("textual-inversion"))
    monkeypatch.setattr(learn, "_draws", _raise_at(0, learn._draws))
    for shard, name in enumerate(("zero", "one")):
        part = bytes_of(inputs.learn("textual-inversion", shard, shards=2))
        assert part[f"{name}.safetensors"] == whole[f"{name}.safetensors"]
    assert bytes_of(inputs.learn("textual-inversion")) == whole


def test_damaged_class_is_put_aside_and_learned_again(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = inputs.learn("textual-inversion")
    whole = bytes_of(folder)
    flip(folder / "one.safetensors")
    keys = []
    draws = learn._draws
    monkeypatch.setattr(learn, "_draws", lambda *given: keys.append(given[1]) or draws(*given))
    assert bytes_of(inputs.learn("textual-inversion")) == whole
    assert set(keys) == {"one"}
    assert "its hash is not that of what it holds); put aside as" in caplog.text


def test_class_is_learned_by_the_words_that_its_prompts_have(inputs: Inputs) -> None:
    inputs.names = ["an_ox", "n01"]
    inputs.write_images()
    inputs.write_prompts(classes={"n01": {"name": "owl", "article": "one"}})
    settings = {"template": "{article} {name}.", "steps": 1}
    before = inputs.learn("lora", **settings)
    assert read_record(before)["provenance"]["words"] == {
        "an_ox": {"name": "ox", "article": "an"},
        "n01": {"name": "owl", "article": "one"},
    }
    first = bytes_of(before)
    inputs.write_prompts(per_class=3)
    after = bytes_of(inputs.learn("lora", name="after", **settings))
    assert after["an_ox.safetensors"] == first["an_ox.safetensors"]
    assert after["n01.safetensors"] != first["n01.safetensors"]


def test_words_stand_in_a_text_as_in_prompts() -> None:
    words = Words("ox", "an", "an_ox")
    assert words.text("{{x}} {article} {name}!") == "{x} an ox!"
    assert words.around("{{x}} {article} {name}!") == ("{x} an ", "!")
    assert Words("Mars", "", "m").around("a photo of {article} {name}.") == ("a photo of ", ".")


def test_real_images_are_read_in_one_pass(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    tails = inputs.tail()
    inputs.tail = lambda: tails  # type: ignore[method-assign,assignment]
    groups: list[int] = []
    read = reading._read_group

    def counted(path: Path, *given: Any) -> Any:
        groups.extend([given[2]] if path == inputs.train else [])
        return read(path, *given)

    monkeypatch.setattr(reading, "_read_group", counted)
    inputs.learn("textual-inversion", steps=1)
    assert groups == [0]


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": 6},
        {"seed": 1},
        {"batch_size": 3},
        {"learning_rate": 0.01},
        {"template": "the {name}."},
    ],
)
def test_setting_changes_what_is_learned(inputs: Inputs, changed: dict[str, Any]) -> None:
    before = bytes_of(inputs.learn("textual-inversion"))
    after = bytes_of(inputs.learn("textual-inversion", name="changed", **changed))
    assert before["zero.safetensors"] != after["zero.safetensors"]


def test_only_training_members_are_learned_from(inputs: Inputs) -> None:
    """Their hashes are recorded; another image of the class changes nothing, one of them does."""
    before = inputs.learn("textual-inversion")
    members = manifest.read(inputs.folder / "real.parquet", "members").to_pylist()
    rows = {row["id"]: row for row in manifest.read(inputs.train, "images").to_pylist()}
    recorded = read_record(before)["provenance"]["members_sha256"]
    for label, name in enumerate(("zero", "one")):
        own = sorted(row["id"] for row in members if row["label"] == label)
        expected = [hashlib.sha256(rows[one]["image"]["bytes"]).hexdigest() for one in own]
        assert recorded[name] == expected
    inside = next(row["id"] for row in members if row["label"] == 1)
    outside = min(set(rows) - {row["id"] for row in members})
    first = bytes_of(before)
    for place, image in enumerate((outside, inside)):
        inputs.write_images(changed=image)
        after = bytes_of(inputs.learn("textual-inversion", name=f"again-{place}"))
        assert after["zero.safetensors"] == first["zero.safetensors"]
        assert (after["one.safetensors"] == first["one.safetensors"]) == (image == outside)


@pytest.mark.parametrize("damage", [flip, cut])
def test_damaged_checkpoint_is_put_aside(
    inputs: Inputs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[Path], None],
) -> None:
    whole = bytes_of(inputs.learn("lora", name="whole"))
    with monkeypatch.context() as patch:
        patch.setattr(learn, "_draws", _raise_at(3, learn._draws))
        with pytest.raises(RuntimeError, match="killed"):
            inputs.learn("lora", checkpoint_every=1)
    (saved,) = (inputs.folder / "shard" / "classes.reuse" / "zero").glob("*.checkpoint")
    damage(saved)
    assert bytes_of(inputs.learn("lora", checkpoint_every=1)) == whole
    assert "put aside as" in caplog.text


def _raise_at(step: int, draws: Callable[..., Any]) -> Callable[..., Any]:
    def killed(*arguments: Any) -> Any:
        if arguments[2] == step:
            raise RuntimeError("killed")
        return draws(*arguments)

    return killed


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "none"}, "personalise.method: none, so nothing is learned"),
        ({"shard": 1}, r"--shard: 1 must be from 0 to 0 \(personalise.shards\)"),
        ({"template": "a photo"}, "personalise.template: 'a photo' must have {name}"),
        ({"template": "{name} {kind}"}, "personalise.template: '{name} {kind}' must have {name}"),
        ({"template": "{name} or {name}"}, "must have {name} once: one word is learned"),
        ({"template": "{name.foo}."}, "'{name.foo}.' must have {name} and no other placeholder"),
        ({"template": "{name:s}."}, "'{name:s}.' must have {name} and no other placeholder"),
        ({"template": "{x} {name"}, "'{x} {name' does not parse"),
        ({"rank": 2}, "personalise.rank: 2 has no effect with personalise.method textual-inv"),
        ({"method": "lora", "vectors": 2}, "personalise.vectors: 2 has no effect with"),
        ({"lora_for": "all-classes"}, "lora_for: 'all-classes' has no effect with"),
        ({"method": "lora", "sampling": "class-balanced"}, "sampling: 'class-balanced' has no eff"),
        (
            {"method": "lora", "lora_for": "all-classes", "shards": 2},
            "personalise.shards: 2, but lora_for all-classes learns once",
        ),
        (
            {"source": "glide", "vectors": 33},
            "with 33 vectors is longer than the model's 32 tokens",
        ),
        ({"vectors": 11}, "with 11 vectors is longer than the model's 10 tokens; shorten it"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    inputs: Inputs, settings: dict[str, Any], message: str
) -> None:
    wanted: dict[str, Any] = {"method": "textual-inversion", **settings}
    with pytest.raises(UserError, match=message):
        if wanted["method"] == "none":
            inputs.learn("none", steps=1000, batch_size=4, template="A photo of {article} {name}.")
        else:
            inputs.learn(**wanted)


def test_lists_and_models_that_do_not_fit_are_refused(inputs: Inputs, tmp_path: Path) -> None:
    inputs.models["diffusers"] = "tiny-glide"
    with pytest.raises(UserError, match="images.model: no folder tiny-glide"):
        inputs.learn("lora")
    held = inputs.tail(held=True, validation_fraction=0.5)
    inputs.tail = lambda: held  # type: ignore[method-assign]
    with pytest.raises(UserError, match="holds the validation images, expected the training"):
        inputs.learn("lora")
