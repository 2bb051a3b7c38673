"""What a class's answers give."""

import dataclasses
from collections.abc import Mapping, Sequence

from sau.pipeline.prompts.llm.requests import Request


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What a class's answers give.

    Attributes:
        prompts: those that will do, at most as many as the class gets, in the order of requests.
        problems: of what will not do, in the same order.
        asked: the requests whose answers were read.
        missing: requests to make next; none once all is there or was asked for often enough.
        phrases: for a grid, in place of prompts: those that will do, by attribute.
    """

    prompts: list[str]
    problems: list[str]
    asked: list[Request]
    missing: list[Request]
    phrases: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
