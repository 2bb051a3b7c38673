"""Which prompts the images of a round are drawn from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sau.errors import UserError


def rows_to_draw(
    prompts: Iterable[Mapping[str, Any]], counts: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return a row of prompts for each image of a round, class by class.

    A class's prompts take turns. From its second turn on, a prompt's id has the number of earlier
    turns at its end, so that its image has another id and seed. So the first images of a class
    are the same however many are drawn, and in however many rounds.

    Args:
        prompts: rows of a prompts manifest.
        counts: rows of a draws manifest.

    Raises:
        UserError: a class without prompts is to be drawn.
    """
    by_label: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in prompts:
        by_label[row["label"]].append(row)
    rows = []
    for count in counts:
        own = by_label[count["label"]]
        if count["draws"] and not own:
            raise UserError(
                f"--prompts: class {count['label']} has none, but {count['draws']} images of it "
                "are to be drawn; give the prompts that --draws was counted for"
            )
        for place in range(count["before"], count["before"] + count["draws"]):
            turn, prompt = divmod(place, len(own))
            row = own[prompt]
            rows.append({**row, "id": f"{row['id']}.{turn}" if turn else row["id"]})
    return rows
