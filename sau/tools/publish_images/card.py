"""The data card of a published folder: what the images are, in figures, and their limits."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

import sau
from sau.pipeline.report.markdown import escape
from sau.storage.manifest.schemas import FILTER_RULES
from sau.tools.hub_licences import hub_licence
from sau.tools.publish_images.features import COLUMNS, features_on_card
from sau.tools.publish_images.generators import Generator
from sau.tools.publish_images.licences import Licences
from sau.tools.publish_images.shards import FOLDER, SPLIT

NOT_SAID = "not recorded"
SHOWN_CLASSES = 200
SHOWN_OF_GENERATOR = 10

LIMITS = """
- These are pictures that a model drew, or that were imported, for classes that text named. A label
  says what a picture was to show, not that somebody has looked at it.
- Scores are those of a CLIP model, and of classifiers if there were any, which have mistakes and
  prejudices of their own; pictures that they like are over-represented among the kept ones.
- The generator's training images are not part of this set. What it cannot draw is missing here,
  and what it overdoes is frequent.
- A classifier that trains on these images alone sees a world that real photographs differ from:
  test it on real ones.
""".strip()

FROM_REAL = """
- Some of these pictures come of real training images: their generator learned from them, or they
  start from them. They may show what is in those images, people and property included. The real
  images' licence, and whoever is to be seen in them, may bind what is done with these pictures.
""".strip()

FROM_FILES = """
- Some of these pictures were drawn with LoRA weights or embeddings that were loaded from files.
  Nothing says what these were learned from. It may have been real images, and then the pictures may
  show what is in those, people and property included.
""".strip()

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """What a card says.

    `title`: of the set; `dataset`: what the real images are called; `licence`: of the set, empty if
    nobody has said it; `class_names`: in label order; `classes`: for each, counts by column title;
    `generators`: each once; `licences`: theirs, and that of imported images; `imported`: number of
    images that no generator drew; `filter_settings`: of the run; `images`, `uncompressed`,
    `stored`: number and bytes; `content_sha256`: see `sau.tools.publish_images.rows.content_of`.
    """

    title: str
    dataset: str
    licence: str
    class_names: Sequence[str]
    classes: Sequence[Mapping[str, Any]]
    generators: Sequence[Generator]
    licences: Licences
    imported: int
    filter_settings: Mapping[str, Any]
    images: int
    uncompressed: int
    stored: int
    content_sha256: str

    def licence_of(self, generator: Generator) -> str:
        """Return the licence of a generator; empty if nobody has said it."""
        return self.licences.of_generator(generator.name, generator.known_licence)


def card_text(card: Card) -> str:
    """Return the card as Markdown, with the front matter that the Hub and `datasets` read."""
    parts = [
        _front_matter(card),
        f"# {escape(card.title)}",
        (
            f"{card.images} synthetic images of {len(card.class_names)} classes, of those that "
            f"sau {sau.__version__} had drawn or imported for {escape(card.dataset)} and that its "
            "filter kept."
        ),
        _usage(),
        "## Columns",
        _grid(["column", "type", "meaning"], [_described(one, card) for one in _columns()]),
        "## Classes",
        *_classes(card),
        "## Where the images come from",
        *_origin(card),
        "## What the filter asked for",
        _settings(card.filter_settings),
        "## Identity",
        (
            f"Hash of ids, pictures, labels and prompts: `{card.content_sha256}`. Importing the "
            "set gives the same. `sha256` in each row is that of its picture's bytes."
        ),
        "## Limits",
        _limits(card),
        "## Licences",
        _licences(card),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def size_category(images: int) -> str:
    """Return the Hub's word for a number of images."""
    return next((word for limit, word in _SIZES if images < limit), "n>100M")


def _front_matter(card: Card) -> str:
    facts: dict[str, Any] = {
        "pretty_name": card.title,
        **hub_licence(card.licence),
        "task_categories": ["image-classification"],
        "size_categories": [size_category(card.images)],
        "tags": ["synthetic", "long-tailed", "sau"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": SPLIT, "path": f"{FOLDER}/{SPLIT}-*"}],
            }
        ],
        "dataset_info": {
            "features": features_on_card(card.class_names),
            "splits": [
                {"name": SPLIT, "num_bytes": card.uncompressed, "num_examples": card.images}
            ],
            "download_size": card.stored,
            "dataset_size": card.uncompressed,
        },
    }
    text = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---"


def _usage() -> str:
    lines = [
        "```python",
        "import datasets",
        "",
        'images = datasets.load_dataset("FOLDER", split="train")  # or the name on the Hub',
        'images[0]["image"].show()',
        "```",
        "",
        (
            "`sau` trains on it with `images: {source: imported, layout: hub-folder, "
            "folder: FOLDER, prompt_column: prompt}`."
        ),
    ]
    return "\n".join(lines)


def _columns() -> Sequence[tuple[str, str, str]]:
    return [(name, str(kind), meaning) for name, kind, meaning in COLUMNS]


def _described(column: tuple[str, str, str], card: Card) -> list[str]:
    name, kind, meaning = column
    special = {"image": "image", "label": f"class label, 0 to {len(card.class_names) - 1}"}
    return [f"`{name}`", special.get(name, kind.replace("float", "float32")), escape(meaning)]


def _classes(card: Card) -> list[str]:
    rules = [rule for rule in FILTER_RULES if any(row.get(rule) for row in card.classes)]
    heads = ["label", "class", "images", "failed", "kept", *rules, "mean score"]
    shown = card.classes[:SHOWN_CLASSES]
    rows = [
        [str(label), escape(card.class_names[label]), *(_cell(row.get(head)) for head in heads[2:])]
        for label, row in enumerate(shown)
    ]
    more = len(card.classes) - len(shown)
    said = (
        "Images that there were, that could not be drawn or read, that were kept, and that each "
        "rule rejects (an image may be rejected by several); mean score of the kept ones."
    )
    return [said, _grid(heads, rows), f"And {more} further classes." if more else ""]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _origin(card: Card) -> list[str]:
    rows = [
        [
            escape(one.name),
            _some(card.class_names, one.labels),
            escape(card.licence_of(one) or NOT_SAID),
            f"`{one.weights_sha256[:16]}`" if one.weights_sha256 else NOT_SAID,
            _settings(one.settings),
        ]
        for one in card.generators
    ]
    grid = _grid(["generator", "classes", "licence", "SHA-256 of the weights", "settings"], rows)
    imported = f"{card.imported} images were imported: no generator of this run drew them."
    return [grid if rows else "", imported if card.imported else ""]


def _some(class_names: Sequence[str], labels: Sequence[int]) -> str:
    """Return the names of classes; of many, the first ones and how many more there are."""
    names = [escape(class_names[label]) for label in labels[:SHOWN_OF_GENERATOR]]
    more = len(labels) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _settings(settings: Mapping[str, Any]) -> str:
    known = [(key, value) for key, value in settings.items() if value not in ("", None, {}, [])]
    return ", ".join(f"{escape(key)} {escape(str(value))}" for key, value in known)


def _licences(card: Card) -> str:
    lines = [f"- This set: {escape(card.licence or NOT_SAID)}."]
    lines += [
        f"- {escape(one.name)}: {escape(card.licence_of(one) or NOT_SAID)}."
        for one in card.generators
    ]
    if card.imported:
        lines.append(f"- Imported images: {escape(card.licences.of_imported or NOT_SAID)}.")
    lines.append("- A generator's licence may bind what is done with its pictures: read it.")
    return "\n".join(dict.fromkeys(lines))


def _limits(card: Card) -> str:
    lines = [LIMITS]
    lines += [FROM_REAL] if any(one.saw_real for one in card.generators) else []
    lines += [FROM_FILES] if any(one.may_have_seen for one in card.generators) else []
    return "\n".join(lines)


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["-"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
