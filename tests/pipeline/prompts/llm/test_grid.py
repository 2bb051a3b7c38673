import json
import re

import pytest

from sau.pipeline.prompts.llm.cost import estimate
from sau.pipeline.prompts.llm.grid_request import make_grid_request
from sau.pipeline.prompts.settings import PromptsSettings
from sau.storage.manifest import read_metadata
from tests.pipeline.prompts.llm.loopback import Loopback, Reply, completion

PLACES = ["on a wet road", "in tall grass", "by an old wall", "under a bridge"]
LOOKS = ["with torn wings", "covered in pollen", "with a bright stripe"]
WHOLE = {"place": PLACES, "appearance": LOOKS}
GRID = {
    "source": "grid",
    "templates": ["A photo of {article} {name} {appearance}, {place}."],
    "attributes": {"place": 4, "appearance": 3},
}


def asked_about(call):
    return re.match(
        r"Captions of photographs of an? (.*?) have", call.json()["messages"][-1]["content"]
    )[1]


def answering(*answers):
    """Answer the first, second, ... request about each class so; the last one ever after."""
    seen = {}

    def reply(call):
        name = asked_about(call)
        seen[name] = seen.get(name, -1) + 1
        answer = answers[min(seen[name], len(answers) - 1)]
        return Reply(completion(answer if isinstance(answer, str) else json.dumps(answer)))

    return reply


@pytest.mark.usefixtures("no_key_anywhere")
def test_one_request_of_a_class_fills_its_grid(stage):
    with Loopback(answering(WHOLE)) as server:
        table = stage.run(server.url, ["bee", "owl"], per_class=24, **GRID)
    assert len(server.calls) == 2
    assert set(table["source"]) == {"grid"}
    phrases = table["attributes"].map(json.loads)
    for name, expected in WHOLE.items():
        counts = phrases.map(lambda one, name=name: one[name]).groupby(table["label"])
        assert all(set(of_class) == set(expected) for _, of_class in counts)
    record = read_metadata(stage.output)["provenance"]
    assert record["coverage"] == {
        "appearance": {"used": 6, "fewest": 8, "most": 8},
        "place": {"used": 8, "fewest": 6, "most": 6},
    }
    assert record["answers"] == {
        "requests": 2,
        "tokens_in": 120,
        "tokens_out": 60,
        "models": ["gpt-4"],
    }


def test_request_shows_the_caption_with_its_gaps_and_asks_for_numbers():
    settings = PromptsSettings(**GRID)
    (words,) = settings.words(["owl"])
    request = make_grid_request(words, 0, settings)
    assert '"A photo of an owl <appearance>, <place>."' in request.query
    assert "3 for appearance, 4 for place" in request.query
    # Each of seven phrases has 10 words and its marks: 16 tokens.
    assert estimate([request], settings).tokens_out == 7 * 16


def test_grid_needs_no_more_requests_for_more_prompts_nor_after_a_killed_run(stage):
    with Loopback(answering(WHOLE)) as server:
        few = stage.run(server.url, ["bee"], per_class=3, **GRID)
        many = stage.run(server.url, ["bee", "owl"], per_class=500, **GRID)
    assert [asked_about(call) for call in server.calls] == ["bee", "owl"]
    assert many["prompt"][:3].tolist() == few["prompt"].tolist()


@pytest.mark.parametrize(
    "first",
    [
        "I am sorry, but I cannot describe that.",
        "```json\n" + json.dumps({"Place": PLACES[:2], "appearance": LOOKS}) + "\n```",
        {"place": [*PLACES[:2], PLACES[0].upper() + ".", "", 7, "x " * 11], "appearance": LOOKS},
        {"place": "on a wet road", "appearance": LOOKS},
        {"place": ["Auf einer nassen Strasse neben dem Haus", "{place}"], "appearance": LOOKS},
        [],
    ],
)
def test_what_an_answer_lacks_is_asked_for_again(stage, first):
    with Loopback(answering(first, WHOLE)) as server:
        table = stage.run(server.url, ["bee"], per_class=4, **GRID)
    assert len(server.calls) == 2
    assert set(table["attributes"].map(lambda text: json.loads(text)["place"])) == set(PLACES)


def test_fewer_phrases_than_asked_for_will_do_in_the_end(stage):
    short = {"place": PLACES[:2], "appearance": LOOKS}
    with Loopback(answering(short)) as server:
        table = stage.run(server.url, ["bee"], per_class=4, ask_again=1, **GRID)
    assert len(server.calls) == 2
    assert set(table["source"]) == {"grid"}
    assert set(table["attributes"].map(lambda text: json.loads(text)["place"])) == {*PLACES[:2]}


def test_plain_template_stands_in_where_an_attribute_has_no_phrase(stage, caplog):
    with Loopback(answering({"place": PLACES})) as server:
        table = stage.run(server.url, ["bee"], per_class=2, ask_again=1, **GRID)
    assert table["prompt"].tolist() == ["A photo of a bee."] * 2
    assert set(table["source"]) == {"template_after_llm"}
    assert table["attributes"].isna().all()
    assert "2 of 2 prompts are templates" in caplog.text


def test_class_may_keep_to_lists_beside_a_grid(stage):
    classes = {
        "owl": {
            "source": "template",
            "attributes": {"place": ["in a barn"], "appearance": ["asleep"]},
        }
    }
    with Loopback(answering(WHOLE)) as server:
        table = stage.run(server.url, ["bee", "owl"], per_class=2, classes=classes, **GRID)
    assert [asked_about(call) for call in server.calls] == ["bee"]
    assert table["prompt"].tolist()[2:] == ["A photo of an owl asleep, in a barn."] * 2
