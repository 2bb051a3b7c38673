"""Config files, flags and split files that are misspelt, mistyped or damaged."""

import shlex
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sau.config import load, read_config_file
from sau.config.config import Config
from sau.core.errors import EXIT_USER_ERROR
from sau.pipeline.registry import STAGES
from sau.settings.flags import build_parser
from sau.sources.split_file import read_split_file
from tests.fuzz.outcomes import COUNTS, check_call, check_line, inputs, run_command
from tests.paths import ROOT

DEFAULT = (ROOT / "config.yaml").read_text(encoding="utf-8")
ODD = ["", "null", "~", "yes", "off", "1e400", ".nan", ".inf", "-1", "0x10", "010", "1_000", "2:30"]
ODD += ["[]", "{}", "[1, a]", "{a: 1}", "!!python/object:os.system {}", "*a", "&a b", "'", '"', "|"]
ODD += [
    "2026-11-29",
    "99999999999999999999",
    "1e-400",
    "\u202e",
    "\ufeff",
    "1,5",
    "a: b",
    "- 1",
    "%",
]
VALUES = st.one_of(
    st.sampled_from(
        [None, True, False, 0, -1, 1.5, float("nan"), float("inf"), "", "2", "x", [], {}]
    ),
    st.integers(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@inputs(30)
@given(st.data())
def test_damaged_config_files_are_read_or_refused(data):
    """Lines lost, doubled, indented or of another value; bytes changed; other encodings."""
    lines = DEFAULT.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["lose", "double", "indent", "value", "value", "text"]))
        if kind == "lose":
            del lines[place]
        elif kind == "double":
            lines.insert(place, lines[place])
        elif kind == "indent":
            lines[place] = data.draw(st.sampled_from([" ", "  ", "\t"])) + lines[place]
        elif kind == "value":
            lines[place] = f"{lines[place].partition(':')[0]}: {data.draw(st.sampled_from(ODD))}"
        else:
            lines[place] = data.draw(st.text(max_size=12)) + lines[place]
    text = "\n".join(lines).encode("utf-8", "replace")
    encoding = data.draw(
        st.sampled_from(["utf-8"] * 6 + ["utf-16", "utf-8-sig", "latin-1", "cp037"])
    )
    raw = bytearray(text.decode().encode(encoding, "replace"))
    for _ in range(data.draw(st.sampled_from([0, 0, 0, 1, 4]))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "config.yaml"
        path.write_bytes(raw)
        check_call("config files", lambda: load(read_config_file(path)), check_config)


@inputs(30)
@given(st.data())
def test_odd_values_of_the_config_are_read_or_refused(data):
    values: dict[str, Any] = yaml.safe_load(DEFAULT)
    for _ in range(data.draw(st.integers(1, 2))):
        section = data.draw(st.sampled_from([*values, "traning"]))
        inside = values.setdefault(section, {})
        if not isinstance(inside, dict) or data.draw(st.sampled_from([False] * 9 + [True])):
            values[section] = data.draw(VALUES)
            continue
        key = data.draw(st.sampled_from([*inside, "sed"]))
        inside[key] = data.draw(st.one_of(like(inside.get(key)), VALUES))
    check_call("config values", lambda: load(values), check_config)


def like(value: Any) -> st.SearchStrategy[Any]:
    """Draw values of the type of another, which may well be read."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(0, 64)
    return st.floats(0, 4) if isinstance(value, float) else st.just(value)


def check_config(config: Any) -> None:
    assert isinstance(config, Config)


@inputs(30)
@given(st.data())
def test_odd_flags_are_read_or_refused(data):
    """A stage's flags with odd values: what it says is one line, and it writes nothing."""
    stage = data.draw(st.sampled_from(sorted(STAGES)))
    parser = build_parser(stage, STAGES[stage].load())
    known = [flag for action in parser._actions for flag in action.option_strings[:1]]
    count = data.draw(st.integers(0, 4))
    flags = data.draw(st.lists(st.sampled_from([f for f in known if f != "-h"]), max_size=count))
    words = [stage]
    for flag in flags:
        value = data.draw(st.one_of(st.sampled_from(ODD), st.text(max_size=6)))
        words += data.draw(
            st.sampled_from([[f"{flag}={value}"], [flag, value], [flag], [f"{flag}x"]])
        )
    code, said = run_command(words)
    lines = [line for line in said.splitlines() if ": error: " in line]
    assert (code, len(lines)) == (EXIT_USER_ERROR, 1), (code, said, shlex.join(words))
    check_line(lines[0])
    COUNTS["flags"]["refused"] += 1


@inputs(30)
@given(st.data())
def test_odd_split_files_are_read_or_refused(data):
    """Each line's path and label are what it says, or the file is refused."""
    paths = st.text(
        st.characters(exclude_characters="\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"), max_size=8
    )
    rows = data.draw(st.lists(st.tuples(paths, st.integers(-1, 5)), max_size=5))
    between = data.draw(st.sampled_from([" ", " ", "\t", "  ", ","]))
    text = data.draw(st.sampled_from(["\n", "\r\n"])).join(f"{p}{between}{k}" for p, k in rows)
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "split.txt"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        check_call(
            "split files",
            lambda: read_split_file(path, "dataset.train_file"),
            lambda found: check_split(found, rows),
        )


def check_split(found: Any, rows: list[tuple[str, int]]) -> None:
    assert np.array_equal(found.labels, [label for _, label in rows])
    assert [Path(name) for name in found.names] == [Path(name.strip()) for name, _ in rows]
