"""What a run leaves behind: its facts and its tables."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sau.data.sets import TestData
from sau.engine.learning import learning_parameters
from sau.engine.loop import Run
from sau.engine.operations import count_operations
from sau.engine.state import Predictions, RunState
from sau.pipeline.run_record import OF_DATA, RunRecord
from sau.pipeline.training.image_facts import read_facts
from sau.pipeline.training.members import members_facts
from sau.storage.manifest import SCHEMAS, hash_of, read_metadata
from sau.storage.manifest.schemas import SELECTIONS


def data_facts(members: Sequence[Path], train_images: Path) -> dict[str, Any]:
    """Return what a run reads of its data besides rows: how it is called, drawn and normalised."""
    facts = read_facts(train_images)
    return members_facts(members) | {
        "class_names": facts.class_names,
        "mean": list(facts.normalisation.mean),
        "std": list(facts.normalisation.std),
    }


def run_facts(
    members: Sequence[Path], train_images: Path, job: Run, run: str = ""
) -> dict[str, Any]:
    """Return what a run's manifests say of it besides settings and inputs, as JSON values.

    Args:
        members: manifests of the training set's members.
        train_images: the manifest that names the classes.
        job: the run.
        run: its key in the configuration.
    """
    counts = job.network.parameter_counts()
    own = [parameter for phase in job.phases for parameter in phase.method.parameters()]
    of_network = {p for phase in job.phases for p in learning_parameters(job.network, phase.learns)}
    trained = [*of_network, *(parameter for parameter in own if parameter.requires_grad)]
    data = max((phase.data for phase in job.phases), key=lambda data: len(data.ids))
    of_data = data_facts(members, train_images)
    record = RunRecord(
        **{name: of_data[name] for name in OF_DATA if name in of_data},
        run=run,
        method=job.settings.method,
        data=job.settings.data_of_all_stages(),
        seed=job.seed,
        backbone=job.settings.backbone,
        width=job.network.config.width,
        parameters=counts["at_test"],
        parameters_trained=sum(parameter.numel() for parameter in trained),
        epochs=job.settings.total_epochs(),
        operations=count_operations(job),
        recipe=job.settings.recipe(),
        members_sha256=hash_of(members),
    )
    of_images = {
        "image_size": list(data.images.size),
        "input_size": job.network.config.input_size,
        "mean": list(job.views.normalisation.mean),
        "std": list(job.views.normalisation.std),
        "train_images": len(data.ids),
        "training_steps": sum(p.settings.epochs * p.steps_of_an_epoch() for p in job.phases),
        "validation_images": len(job.validation.ids) if job.validation else 0,
        "device": job.device.type,
    }
    return of_data | record.for_predictions() | of_images


def generators(synthetic_images: Sequence[Path]) -> list[dict[str, Any]]:
    """Return what synthetic images were made by, as far as their manifests say it, each once.

    Args:
        synthetic_images: manifests; none for a run on real images alone.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for path in synthetic_images:
        for source, model, digests in _makers(read_metadata(path)["provenance"]):
            found.setdefault((source, model), set()).update(digests)
    return [
        {"source": source, "model": model or None, "weights_sha256": sorted(digests)}
        for (source, model), digests in found.items()
    ]


def _makers(made: Mapping[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """Yield source, model and weights of what made a shard's images: generators, then imports.

    Args:
        made: the provenance of the shard. A class may have a generator of its own, and imported
            images may lie beside drawn ones.
    """
    settings = made.get("settings", {})
    for one in made.get("generators", []):
        source, model = (str(one.get(key, settings.get(key)) or "") for key in ("source", "model"))
        digest = one.get("weights_sha256")
        yield source, model, {digest} if digest else set()
    if settings.get("source") == "imported" or made.get("imported_counts"):
        yield "imported", "", set()


def predictions_table(state: RunState, test: TestData) -> pa.Table:
    """Return the rows of each selection that there is, in their order."""
    parts = []
    for selection in SELECTIONS:
        kept: Predictions | None = getattr(state, selection)
        if kept is None:
            continue
        columns = {
            "selection": [selection] * len(test.ids),
            "epoch": [kept.epoch] * len(test.ids),
            "id": test.ids,
            "label": test.labels.cpu().numpy(),
            "predicted": kept.predicted.numpy(),
            "confidence": kept.confidence.numpy(),
            "label_probability": kept.label_probability.numpy(),
        }
        parts.append(pa.table(columns).cast(SCHEMAS["predictions"]))
    return pa.concat_tables(parts)


def rows_table(kind: str, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Return rows, tuples in the order of the schema's columns, as a table of `kind`."""
    schema = SCHEMAS[kind]
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
