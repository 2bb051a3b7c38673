"""The prompts stage."""

from pathlib import Path

import pyarrow as pa

from sau import manifest
from sau.prompts.settings import PromptsSettings
from sau.prompts.templates import choose, clean_name, fill
from sau.provenance import provenance


def prompts(train_images: Path, output: Path, *, settings: PromptsSettings) -> None:
    """Write the texts to generate images from.

    Args:
        train_images: manifest of the real training images; only its class names are read.
        output: manifest of prompts, `settings.per_class` rows for each class, class by class.
        settings: the section `prompts`.
    """
    class_names = manifest.read_facts(train_images, "images", "class_names")["class_names"]
    rows = [row for label, name in enumerate(class_names) for row in _rows(label, name, settings)]
    facts = {"class_names": class_names}
    # The real images themselves do not matter here: their content hash is left out on purpose.
    manifest.write(
        output,
        "prompts",
        pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["prompts"]),
        provenance("prompts", settings, {}, **facts),
    )


def _rows(label: int, name: str, settings: PromptsSettings) -> list[dict[str, object]]:
    chosen = choose(settings.templates, settings.per_class, settings.order, settings.seed, label)
    return [
        {
            "id": f"{label:04d}/{index:06d}",
            "label": label,
            "class_name": clean_name(name),
            "prompt": fill(template, name),
            "source": "template",
        }
        for index, template in enumerate(chosen)
    ]
