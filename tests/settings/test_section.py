from typing import Annotated, ClassVar, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from sau.core.errors import UserError
from sau.settings.names import did_you_mean
from sau.settings.schema import schema_of
from sau.settings.section import Section, default_of, setting


class Example(Section):
    section: ClassVar[str] = "example"

    count: int = setting(1, "a count", minimum=1, maximum=9)
    rate: float = setting(0.5, "a rate", above=0)
    share: float = setting(0.0, "a share", minimum=0, below=1)
    kind: Literal["round", "square"] = setting("round", "a kind")
    names: list[str] = setting(["x"], "names")
    size: int | None = setting(None, "a size", minimum=4)
    mixed: list[Annotated[float, Field(ge=1)] | str] = setting([1], "numbers or words")
    on: bool = setting(True, "a switch")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cuont": 3}, "example.cuont: unknown key; did you mean 'count'?"),
        ({"zzz": 3}, "example.zzz: unknown key; known keys: count, rate"),
        ({"count": 0}, "example.count: 0 must be at least 1"),
        ({"count": 10}, "example.count: 10 must be at most 9"),
        ({"count": 1.5}, "example.count: 1.5 must be of type int"),
        ({"count": True}, "example.count: True must be of type int"),
        ({"count": None}, "example.count: None is missing"),
        ({"rate": 0}, "example.rate: 0 must be above 0"),
        ({"share": 1}, "example.share: 1 must be below 1"),
        ({"share": float("nan")}, "example.share: nan must be below 1"),
        ({"rate": float("nan")}, "example.rate: nan must be above 0"),
        ({"kind": "squared"}, "must be one of round, square (did you mean 'square'?)"),
        ({"names": "x"}, "example.names: 'x' must be a list"),
        ({"names": [1]}, "must be of type str"),
        ({"size": 3}, "example.size: 3 must be at least 4"),
        ({"mixed": [0.5]}, "must be at least 1"),
        ({"on": 1}, "example.on: 1 must be of type bool"),
    ],
)
def test_section_refuses_in_one_line(values, message):
    with pytest.raises(UserError) as error:
        Example.from_mapping(values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


class Switched(Example):
    side: int | None = setting(None, "a side", minimum=4, only_with={"kind": "square"})
    corners: list[str] = setting(["x"], "corners", only_with={"kind": ("square", "oblong")})
    inner: float = setting(0.5, "a radius", only_with={"kind": "round", "on_edge": "yes"})
    on_edge: Literal["yes", "no"] = setting("yes", "on the edge")
    depth: float = setting(2.0, "how deep", not_with={"share": 0.0, "count": 9})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"side": 9, "kind": "square"},
        {"corners": ["x"]},
        {"side": None},
        {"count": 3},
        {"depth": 3, "share": 0.5},
    ],
)
def test_value_with_effect_or_the_default_is_accepted(values):
    Switched(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"corners": ["y"]},
            (
                "example.corners: ['y'] has no effect with example.kind round, only with square or "
                "oblong; leave it out, or set it to ['x']"
            ),
        ),
        (
            {"corners": ["y"], "side": 9},
            (
                "example.side: 9 has no effect with example.kind round, only with square; leave it "
                "out, or set it to None; likewise corners"
            ),
        ),
        (
            {"inner": 1, "on_edge": "no"},
            (
                "example.inner: 1.0 has no effect with example.on_edge no, only with yes; leave it "
                "out, or set it to 0.5"
            ),
        ),
        (
            {"depth": 3},
            (
                "example.depth: 3.0 has no effect with example.share 0.0; leave it out, or set it "
                "to 2.0"
            ),
        ),
        (
            {"depth": 3, "share": 0.5, "count": 9},
            (
                "example.depth: 3.0 has no effect with example.count 9; leave it out, or set it to "
                "2.0"
            ),
        ),
    ],
)
def test_value_without_effect_is_refused_with_both_keys(values, message):
    with pytest.raises(UserError) as error:
        Switched(**values)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"depth": 3},
        {"depth": 3, "share": 0.0},
        {"depth": 3, "share": 0.5},
        {"depth": 3, "share": 0.5, "count": 9},
        {"depth": 2, "count": 9},
        {"side": 9},
        {"side": 9, "kind": "square"},
    ],
)
def test_schema_refuses_what_the_section_refuses(values):
    schema = Draft202012Validator(schema_of(Switched))
    try:
        Switched(**values)
    except UserError:
        assert not schema.is_valid(values)
    else:
        schema.validate(values)


def test_default_is_known_by_its_key():
    assert [default_of(Example, key) for key in ("count", "names", "size")] == [1, ["x"], None]


@pytest.mark.parametrize(
    ("name", "likeness", "question"),
    [
        ("cuont", 0.5, "did you mean 'count'?"),
        ("cut", 0.5, "did you mean 'count'?"),
        ("cut", 0.8, ""),
        ("zzz", 0.5, ""),
    ],
)
def test_near_name_alone_is_asked_for(name, likeness, question):
    assert did_you_mean(name, ["names", "count"], likeness) == question


def test_integers_become_floats_where_floats_are_expected():
    example = Example.from_mapping({"rate": 1, "mixed": [10, "as-is"]})
    assert isinstance(example.rate, float)
    assert example.mixed == [10.0, "as-is"]
    assert isinstance(example.mixed[0], float)


def test_default_lists_are_not_shared():
    assert Example().names is not Example().names
