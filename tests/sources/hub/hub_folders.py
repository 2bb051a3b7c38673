"""The same few pictures in the Hub's formats, written by `datasets` where it writes them."""

import csv
import io
import json
import tarfile
from pathlib import Path

import datasets

from tests.sources.make_images import picture, put

datasets.disable_progress_bars()

NAMES = ["cat", "dog", "emu"]
LABELS = [1, 0, 2, 0, 1, 2, 0]
"""Of seven pictures, in the order of their rows."""


def pictures(start: int = 0) -> list[bytes]:
    return [picture(start + i) for i in range(len(LABELS))]


def dataset_of(start: int = 0) -> datasets.Dataset:
    """The pictures with ClassLabel names and prompts."""
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=NAMES),
            "prompt": datasets.Value("string"),
        }
    )
    columns = {
        "image": [{"bytes": data, "path": None} for data in pictures(start)],
        "label": LABELS,
        "prompt": [f"a {NAMES[label]}" for label in LABELS],
    }
    return datasets.Dataset.from_dict(columns, features=features)


def put_parquet(folder: Path, start: int = 0, split: str = "train", shards: int = 3) -> None:
    """As `push_to_hub` writes them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for number in range(shards):
        name = f"{split}-{number:05d}-of-{shards:05d}.parquet"
        dataset_of(start).shard(shards, number).to_parquet(folder / "data" / name)


def put_saved(folder: Path) -> None:
    dataset_of().save_to_disk(folder, num_shards=2)


def put_saved_dict(folder: Path) -> None:
    parts = {"train": dataset_of(), "validation": dataset_of(100)}
    datasets.DatasetDict(parts).save_to_disk(folder)


def rows_with_paths(folder: Path, column: str = "file_name") -> list[dict[str, str]]:
    """Rows of a list, whose pictures stand below `folder`."""
    for number, data in enumerate(pictures()):
        put(folder / f"pictures/{number}.png", data)
    return [
        {column: f"pictures/{i}.png", "label": NAMES[label], "prompt": f"a {NAMES[label]}"}
        for i, label in enumerate(LABELS)
    ]


def put_csv(folder: Path) -> None:
    rows = rows_with_paths(folder)
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def put_json_lines(folder: Path) -> None:
    lines = [json.dumps(row) for row in rows_with_paths(folder, "image")]
    put(folder / "train.jsonl", "\n".join(lines).encode() + b"\n")


def put_json(folder: Path) -> None:
    put(folder / "train.json", json.dumps(rows_with_paths(folder, "image")).encode())


def put_tars(folder: Path) -> None:
    members = [
        (f"{number:03d}.{ending}", data)
        for number, (label, data) in enumerate(zip(LABELS, pictures(), strict=True))
        for ending, data in (
            ("png", data),
            ("cls", NAMES[label].encode()),
            ("json", json.dumps({"prompt": f"a {NAMES[label]}"}).encode()),
        )
    ]
    put_tar(folder / "train-000000.tar", members[:9])
    put_tar(folder / "train-000001.tar", members[9:])


def put_tar(path: Path, members: list[tuple[str, bytes]], **options: object) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **options) as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    put(path, buffer.getvalue())


WRITERS = {
    "parquet": put_parquet,
    "saved": put_saved,
    "saved-dict": put_saved_dict,
    "csv": put_csv,
    "json-lines": put_json_lines,
    "json": put_json,
    "web-dataset": put_tars,
}
