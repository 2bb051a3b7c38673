"""The training stage: members and images in, a model and its predictions out."""

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch

from sau.core.errors import StoppedEarlyError, UserError, naming_section
from sau.core.signals import handled
from sau.device.precision import precision_facts
from sau.device.ranks import find_ranks, process_group, refuse_disagreement
from sau.device.repeatable import repeatable
from sau.engine.backbone import pretrained_facts
from sau.engine.backbone_names import distributions_of
from sau.engine.build import build_run
from sau.engine.loop import Run, train
from sau.engine.state import RunState
from sau.engine.stopping import Stop
from sau.pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from sau.pipeline.training.inputs import RunInputs, load_data
from sau.pipeline.training.more_epochs import say_why_anew, without_epochs
from sau.pipeline.training.outputs import (
    data_facts,
    generators,
    predictions_table,
    rows_table,
    run_facts,
)
from sau.pipeline.training.saved_model import write_model
from sau.pipeline.training.settings import TrainingSection
from sau.pipeline.training.starting import starting_point
from sau.pipeline.training.trackers import Tracked, recorder
from sau.storage.manifest import write
from sau.storage.outputs import writing
from sau.storage.parts import ROOM_FOR_HEADER, remove_parts
from sau.storage.provenance import identity_of, provenance
from sau.storage.reuse import ReusableResults, reuse_folder
from sau.storage.together import together

LIBRARIES = ("pillow", "safetensors")
OF_LOW_RANK = ("peft",)


def training(
    *,
    members: list[Path],
    train_images: list[Path],
    test_images: list[Path],
    synthetic_images: list[Path],
    predictions: Path,
    history: Path,
    label_correction: Path,
    model: Path,
    checkpoint: Path,
    seed: int,
    settings: TrainingSection,
    validation: Path | None = None,
    run: str = "",
    stop_after: float | None = None,
    part_bytes: int | None = None,
) -> None:
    """Train one network.

    SIGTERM and Ctrl-C stop the run after its current step, a time limit before an epoch that would
    end after it; an epoch that is under way at the limit all the same is left after its current
    step. The same command then goes on from the checkpoint. What a whole run wrote has second names
    in a folder beside the predictions that ends in `.reuse`; a call that would train the same once
    more takes it from there.

    Args:
        members: manifests of the training set's members: the real ones, and their complement if
            a stage of the run trains on the balanced set.
        train_images: manifests of the real training images; the first one's provenance says what
            the classes are called and how to normalise.
        test_images: manifests of the test images.
        synthetic_images: manifests of the synthetic images; may be empty if data is real.
        predictions: manifest to write: classes of the test images after the last epoch, after the
            epoch with the best test top-1, and after that with the best validation top-1 if there
            is a validation split.
        history: manifest to write: losses, learning rate, and top-1 of each epoch.
        label_correction: manifest to write: synthetic and noisy samples by epoch and class.
        model: folder to write: config.json and model.safetensors of the last epoch, with all that
            `sau predict` needs; where there is a validation split, best_on_validation in it holds
            the same of the epoch with the best validation top-1.
        checkpoint: folder to go on from after a stop or a kill; removed when all outputs are
            written, unless the settings keep it.
        seed: of weights, order and views.
        settings: the section `training`.
        validation: manifest of members that are held out of the real training images, to classify
            after each epoch; none, or one without rows: no validation split.
        run: the run's key in the configuration, for reports.
        stop_after: seconds that the run may take; as many as it wants if None.
        part_bytes: what no file of the checkpoint reaches; one file of any size if None.

    Of several processes, started by `torchrun`, the first one writes the files.

    Raises:
        StoppedEarlyError: the run has stopped before its last epoch, and written no outputs.
        UserError: no such device, inputs that do not fit together, or a loss that is not finite.
    """
    inputs = RunInputs(
        members=members,
        train_images=train_images,
        test_images=test_images,
        synthetic_images=synthetic_images,
        validation=validation,
    )
    outputs = {
        "predictions": predictions,
        "history": history,
        "label_correction": label_correction,
        "model": model,
    }
    if part_bytes is not None and part_bytes <= ROOM_FOR_HEADER:
        raise UserError(f"--part-bytes: {part_bytes}, expected more than {ROOM_FOR_HEADER}")
    stop = Stop(stop_after)
    with naming_section("training"):
        ranks = find_ranks(settings.processes)
    stop.agree = ranks.any
    made_of = provenance("training", settings, inputs.by_name(), libraries_of(settings))
    with naming_section("training"):
        made_of |= pretrained_facts(settings)
    made_of |= precision_facts(settings.precision, torch.device(settings.device))
    of_data = data_facts(members, train_images[0])
    begin = starting_point(settings, of_data["class_names"])
    made_of |= begin.facts() if begin else {}
    identity = run_identity(made_of | {"facts": of_data}, seed)
    but_epochs = run_identity(without_epochs(made_of) | {"facts": of_data}, seed)
    inputs.check()
    stored = ReusableResults(reuse_folder(predictions), f"{identity} {run}")
    with (
        writing(*outputs.values(), checkpoint) if ranks.is_first else nullcontext(),
        handled(stop.ask),
        ranks.own_device(settings.device, "training.device") as device,
        process_group(ranks, device),
    ):
        if ranks.all(stored.holds()):
            if ranks.is_first:
                stored.take_back(outputs)
                _leave(checkpoint, settings)
            return
        with repeatable(settings.threads):
            folder = checkpoint.parent
            data = load_data(inputs, settings, device, folder)
            data = begin.normalised(data) if begin else data
            with naming_section("training"):
                start = begin.start() if begin else None
                job = build_run(data, settings, seed=seed, ranks=ranks, start=start)
            state = load_checkpoint(checkpoint, identity, job, but_epochs=but_epochs)
            if state.current_epoch == 0:
                say_why_anew(stored.folder / "model", made_of, settings, model)
            refuse_disagreement(ranks, state.epoch, state.partial.steps if state.partial else 0)
            save = partial(
                save_checkpoint,
                checkpoint,
                identity,
                job,
                part_bytes=part_bytes,
                but_epochs=but_epochs,
            )
            tracked = Tracked(
                folder,
                f"{run or settings.method} {seed}",
                identity,
                state.epoch + 1,
                settings.to_mapping(),
            )
            tracker = settings.tracker if ranks.is_first else "none"
            with recorder(tracker, tracked) as record, naming_section("training"):
                train(job, state, save if ranks.is_first else _save_nothing, record, stop)
        if state.epoch < settings.total_epochs():
            raise StoppedEarlyError(
                f"stopped by {stop.reason} after {state.progress()}, of {settings.total_epochs()}; "
                f"the same command goes on from {checkpoint}",
                stop.exit_code,
            )
        if ranks.is_first:
            if settings.keep_checkpoint:
                save(state)
            facts = run_facts(members, train_images[0], job, run)
            facts["generated_by"] = generators(synthetic_images)
            with together(*outputs.values()):
                _write_outputs(outputs, state, job, made_of | facts)
            stored.store(outputs)
            _leave(checkpoint, settings)


def _write_outputs(
    outputs: Mapping[str, Path], state: RunState, job: Run, made_of: dict[str, Any]
) -> None:
    """Write what a whole run has found, each file with what it was made of."""
    assert job.test is not None  # `load_data` has found test images
    tables = {
        "predictions": predictions_table(state, job.test),
        "history": rows_table("history", state.history),
        "label_correction": rows_table("label_correction", state.label_correction),
    }
    for kind, table in tables.items():
        write(outputs[kind], kind, table, made_of)
    write_model(outputs["model"], state, job, made_of)


def _leave(checkpoint: Path, settings: TrainingSection) -> None:
    """Remove the checkpoint of a run that is finished, unless it may get more epochs."""
    if not settings.keep_checkpoint:
        remove_parts(checkpoint)


def _save_nothing(state: RunState) -> None:
    """Leave the checkpoint to the first process, whose state is the same."""
    del state


def run_identity(made_of: Mapping[str, Any], seed: int) -> str:
    """Return a hash of all that results depend on: settings, seed, inputs, code, versions."""
    return identity_of({**made_of, "seed": seed})


def libraries_of(settings: TrainingSection) -> tuple[str, ...]:
    """Return the packages that a run's results depend on."""
    low_rank = OF_LOW_RANK if settings.lora_rank else ()
    return (*LIBRARIES, *distributions_of(settings.backbone), *low_rank)
