"""Checks of training's settings that concern several keys; each raises the settings' own error."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sau.engine.backbone_names import is_from_library
from sau.engine.backbone_settings import IMAGENET_WIDTH

if TYPE_CHECKING:
    from sau.engine.second_stage import SecondStage
    from sau.engine.settings import TrainingSettings


MOST_SNAPSHOTS = 20
"""Networks of earlier epochs that a run keeps."""


def check_use(runs: Sequence["TrainingSettings"], keys: Iterable[str]) -> None:
    """Refuse a setting that has no effect on any of the runs for which it was made.

    A run alone does not tell: what it has from the section may be meant for other rows.

    Args:
        runs: of one row, or of all that have the section's settings.
        keys: those that were set for them.

    Raises:
        UserError: there is one, with the key that leaves it without effect.
    """
    idle = [run.idle() for run in runs]
    for key in keys:
        if all(key in one for one in idle):
            runs[0].check_idle([key])


def check_optimizer(settings: "TrainingSettings") -> None:
    """Refuse settings of the optimizer that have no effect."""
    if settings.nesterov and settings.momentum == 0:
        raise settings.error("nesterov", f"true, but {settings.path('momentum')} is 0; raise it")
    keys = ("learning_rate", "weight_decay", "others", "steps", "layers", "fixed_norm")
    settings.check_idle([f"muon_{key}" for key in keys])
    if settings.muon_layers == "encoder" and settings.freeze == "backbone":
        raise settings.error(
            "muon_layers",
            f"encoder, but {settings.path('freeze')} is backbone, so that none of them learns; "
            "leave one of them out",
        )


def check_flips(settings: "TrainingSettings") -> None:
    """Refuse an order of flips where nothing is flipped."""
    if settings.flips == "alternating" and not settings.horizontal_flip:
        raise settings.error(
            "flips",
            f"alternating, but {settings.path('horizontal_flip')} is false; leave one of them out",
        )


def check_backbone(settings: "TrainingSettings") -> None:
    """Refuse what a backbone cannot have."""
    backbone, is_foreign = settings.backbone, is_from_library(settings.backbone)
    if is_foreign and settings.width is not None:
        raise settings.error(
            "width", f"{settings.width}, but {backbone} says it by its name; leave it out"
        )
    if settings.is_torchvision() and settings.width not in (None, IMAGENET_WIDTH):
        raise settings.error(
            "width",
            f"{settings.width}, but {backbone} always has {IMAGENET_WIDTH}; "
            "leave it out, or take a CIFAR network",
        )
    of_libraries = {
        "pretrained": settings.starts_pretrained(),
        "layer_decay": settings.layer_decay < 1,
        "lora_rank": settings.lora_rank > 0,
    }
    for key in (key for key, is_set in of_libraries.items() if is_set and not is_foreign):
        raise settings.error(
            key,
            f"{getattr(settings, key)}, but {settings.path('backbone')} is {backbone}; expected "
            "timm/NAME or open_clip/NAME",
        )
    if is_foreign and settings.sync_batch_norm:
        raise settings.error(
            "sync_batch_norm",
            f"true, but the layers of {backbone} cannot share rows; leave it out",
        )
    if settings.classifier_start != "random" and not settings.starts_pretrained():
        raise settings.error(
            "classifier_start",
            f"{settings.classifier_start}, but {settings.path('pretrained')} is no: features of "
            "random weights tell no class from another; leave it out",
        )
    if settings.classifier_start == "texts" and not backbone.startswith("open_clip/"):
        raise settings.error(
            "classifier_start",
            f"texts, but {settings.path('backbone')} is {backbone}, which reads none; expected "
            "open_clip/NAME, or class_means",
        )
    keys = ("backbone_learning_rate", "layer_decay", "lora_rank")
    settings.check_idle([*keys, "classifier_scale", "classifier_start"])


def check_averages(settings: "TrainingSettings") -> None:
    """Refuse averages of the weights that begin too late, or exclude each other."""
    second = settings.second()
    if second and second.trained == "classifier" and settings.swa_from > settings.epochs:
        raise settings.error(
            "swa_from",
            f"{settings.swa_from} lies in the second phase, whose encoder is "
            "frozen, BatchNorm statistics and all; set it to an epoch of the first phase",
        )
    if settings.ema_decay > 0 and settings.swa_from > 0:
        raise settings.error("ema_decay", f"set this or {settings.path('swa_from')}, not both")
    if settings.swa_learning_rate > 0 and not 0 < settings.swa_from <= settings.epochs:
        raise settings.error(
            "swa_learning_rate",
            f"{settings.swa_learning_rate:g} has no effect with "
            f"swa_from {settings.swa_from}; set that to an epoch from 1 to {settings.epochs}",
        )
    if settings.swa_from > settings.total_epochs():
        raise settings.error(
            "swa_from",
            f"{settings.swa_from} is beyond the last epoch, {settings.total_epochs()}; lower it",
        )


def check_processes(settings: "TrainingSettings", key: str, batch_size: int) -> None:
    """Refuse a batch, named by its key, that the processes cannot share, and what needs several."""
    processes = settings.processes
    if processes > 1 and (batch_size % processes or batch_size < 2 * processes):
        raise settings.error(
            key,
            f"{batch_size} for {settings.path('processes')}: {processes}, "
            "expected a multiple of it, two images for each at least, such as "
            f"{max(2, -(-batch_size // processes)) * processes}",
        )
    if settings.sync_batch_norm and processes == 1:
        raise settings.error(
            "sync_batch_norm", "true has no effect with processes: 1; leave it out, or raise that"
        )
    if settings.sync_batch_norm and settings.compile != "off":
        raise settings.error(
            "sync_batch_norm",
            f"true, but {settings.path('compile')} {settings.compile} compiles no layer that waits "
            "for other processes; set one of them to its default",
        )


def check_batch_norm(settings: "TrainingSettings") -> None:
    """Refuse what cannot tell real from synthetic rows where BatchNorm keeps them apart."""
    stages = [stage for stage in (settings, settings.second()) if stage is not None]
    options = [stage.method_options().to_mapping() for stage in stages]
    if not any(each.get("batch_norm") == "apart" for each in options):
        return
    others: dict[str, object] = {"processes": 1, "compile": "off", "swa_from": 0}
    for key, value in others.items():
        if getattr(settings, key) != value:
            raise settings.error(
                "options.batch_norm",
                f"apart, but {settings.path(key)} is {getattr(settings, key)}; "
                f"set that to {value}, or leave this out",
            )


def check_snapshots(settings: "TrainingSettings") -> None:
    """Refuse more networks of earlier epochs than memory and every checkpoint should hold."""
    every, epochs = settings.snapshot_every, settings.total_epochs()
    if every and (epochs - 1) // every > MOST_SNAPSHOTS:
        raise settings.error(
            "snapshot_every",
            f"{every}, so {(epochs - 1) // every} networks of {epochs} epochs would be kept, in "
            f"memory and in every checkpoint; at most {MOST_SNAPSHOTS}: raise it to "
            f"{(epochs - 1) // (MOST_SNAPSHOTS + 1) + 1} at least",
        )


def check_schedule(stage: "SecondStage | TrainingSettings") -> None:
    """Refuse a schedule that never acts."""
    if 0 < stage.epochs <= stage.warmup_epochs:
        raise stage.error(
            "warmup_epochs",
            f"{stage.warmup_epochs} of {stage.epochs} epochs, so "
            "the schedule never begins; lower it",
        )
    falls = any(step < stage.epochs for step in stage.step_epochs)
    if stage.schedule == "step" and stage.step_factor != 1 and not falls:
        raise stage.error(
            "step_epochs",
            f"{stage.step_epochs} has no epoch before the last, "
            f"{stage.epochs}, so the rate never falls; lower them, or set "
            "schedule to cosine, or step_factor to 1.0 for a constant rate",
        )


def score_option(stage: "SecondStage | TrainingSettings") -> tuple[str, str]:
    """Return the option by which a phase reads synthetic images' scores, and the value without.

    Both are empty where it reads none.
    """
    options = stage.method_options().to_mapping()
    if options.get("weighting") == "score":
        return "weighting", "uniform"
    return ("score_prior", "0") if options.get("score_prior", 0) > 0 else ("", "")


def check_options(stage: "SecondStage | TrainingSettings") -> None:
    """Refuse options of the method that have no effect in the phase."""
    options = stage.method_options().to_mapping()
    if options.get("weighting") == "domain" and options["real_weight"] == 1:
        raise stage.error(
            "options.real_weight",
            "1 has no effect with weighting: domain, a real image counts no more than a synthetic "
            "one; change it, or set weighting to uniform",
        )
    _check_correction(stage, options)
    if stage.data == "balanced":
        return
    instead = {
        "weighting": "uniform",
        "score_prior": 0,
        "prototype_images": 1,
        "noise_budget": 1,
        "batch_norm": "joint",
    }
    for key, value in instead.items():
        if options.get(key, value) != value:
            raise stage.error(
                f"options.{key}",
                f"{options[key]} has no effect with {stage.path('data')}: real, it is about "
                "synthetic images; leave it out, or set data to balanced",
            )


def _check_correction(stage: "SecondStage | TrainingSettings", options: Mapping[str, Any]) -> None:
    """Refuse label correction that begins after the last epoch."""
    epochs = stage.epochs
    if options.get("correct_from", 1) > epochs:
        raise stage.error(
            "options.correct_from",
            f"{options['correct_from']}, but {stage.path('epochs')} is {epochs}, so that no label "
            "is corrected; lower it, or set label_correction to off",
        )
    if options.get("noise_budget", 1) < 1 and epochs == 1:
        raise stage.error(
            "options.noise_budget",
            f"{options['noise_budget']:g}, but {stage.path('epochs')} is 1: a budget ranks the "
            "margins of an epoch before; raise that, or leave this out",
        )
