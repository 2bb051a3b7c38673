"""A run from its parts: data, network, methods and optimizers on one device."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch

from sau.core.errors import UserError
from sau.core.random_streams import derive_seed
from sau.data.sets import TestData, TrainingData
from sau.device.compiling import check_compiler
from sau.device.ranks import ALONE, Ranks
from sau.engine.averaging import Averager
from sau.engine.loop import Run
from sau.engine.parallel import ParallelLoss, own_loss
from sau.engine.phases import Phase, make_optimizer, second_settings
from sau.engine.settings import TrainingSettings
from sau.methods import create_method
from sau.methods.base import AnyMethod, MethodContext, OptionError
from sau.networks import Network, NetworkConfig, feature_size, seeded
from sau.networks.batch_norm import synchronise
from sau.pipeline.training.image_facts import ImageFacts, read_facts
from sau.pipeline.training.load_images import Decoding
from sau.pipeline.training.loading import load_test, load_training, load_validation
from sau.views import ViewOptions


def assemble(
    members: Sequence[Path],
    train_images: Sequence[Path],
    test_images: Sequence[Path],
    synthetic_images: Sequence[Path],
    seed: int,
    settings: TrainingSettings,
    device: torch.device,
    validation: Path | None = None,
    folder: Path | None = None,
    ranks: Ranks = ALONE,
) -> Run:
    """Load the data and build what is trained, all on one device.

    Args:
        members: see `sau.pipeline.training.stage.training`, as for the other arguments.
        train_images: at least one.
        test_images: at least one.
        synthetic_images: may be empty.
        seed: of weights, order and views.
        settings: the section `training`.
        device: this process's, of the kind that the settings ask for.
        validation: may be None.
        folder: where encoded images stay if they are decoded on demand; None for the system's
            folder of temporary files.
        ranks: the processes that train together; their group is there.

    Raises:
        UserError: nothing to compile with, or images that do not fit together or the method.
    """
    if not train_images or not test_images:
        raise UserError("--train-images and --test-images: give at least one manifest of each")
    if settings.compile != "off":
        check_compiler(device, settings.compile, "training")
    facts = read_facts(train_images[0])
    classes = len(facts.class_names)
    which = settings.data_of_all_stages()
    decoding = Decoding(settings.decode, settings.decode_workers, device, folder)
    data = load_training(members, train_images, synthetic_images, classes, which, decoding)
    test = load_test(test_images, classes, decoding)
    held_out = load_validation(validation, train_images, classes, decoding)
    _check_together(data, test, held_out)
    stages = [stage for stage in (settings, second_settings(settings)) if stage is not None]
    parts = [data.real() if stage.data == "real" else data for stage in stages]
    methods = [
        _method(stage, part, classes, seed, place)
        for place, (stage, part) in enumerate(zip(stages, parts, strict=True))
    ]
    network = _network(settings, methods, classes, seed).to(device)
    if settings.sync_batch_norm:
        synchronise(network)
    for method in methods:
        method.attach(network)
    phases = _phases(network, methods, parts, stages, settings, ranks)
    views = _views(facts, settings)
    averager = Averager(network, settings)
    if settings.compile != "off":
        network.compile_layers(settings.compile)
    return Run(
        *(network, averager, phases, test, held_out),
        *(views, settings, seed, device, ranks),
    )


def _method(
    settings: TrainingSettings, data: TrainingData, classes: int, seed: int, place: int
) -> AnyMethod:
    """Build the method of the stage at `place`, its heads from a seed of their own.

    Raises:
        UserError: an option that the images or this machine cannot have, by its config key.
    """
    context = MethodContext(
        labels=data.labels,
        classes=classes,
        feature_size=feature_size(settings.backbone, settings.channels()),
        embedding_size=settings.projection_size,
        epochs=settings.epochs,
        is_synthetic=data.is_synthetic,
        scores=data.scores,
    )
    with seeded(derive_seed("training", seed, "heads", place)):
        try:
            return create_method(settings.method, context, settings.options)
        except OptionError as error:
            section = "training.second_stage" if place else "training"
            raise UserError(f"{section}.options.{error}") from error


def _network(
    settings: TrainingSettings, methods: Sequence[AnyMethod], classes: int, seed: int
) -> Network:
    """Build the network that all stages share.

    Raises:
        UserError: the stages' methods need classifiers of two kinds.
    """
    kinds = [(m.classifier, m.classifier_scale) for m in methods if m.classifier is not None]
    if len(set(kinds)) > 1:
        raise UserError(
            f"training.second_stage.method: it needs a {kinds[1][0]} classifier (scale "
            f"{kinds[1][1]:g}), but the first stage trains a {kinds[0][0]} one (scale "
            f"{kinds[0][1]:g}); choose another method"
        )
    config = NetworkConfig(settings.backbone, settings.channels(), classes)
    if kinds:
        kind, scale = kinds[0]
        config = dataclasses.replace(config, classifier=kind, classifier_scale=scale)
    if any(method.needs_projection for method in methods):
        config = dataclasses.replace(
            config,
            projection_hidden=settings.projection_hidden,
            projection_size=settings.projection_size,
        )
    precision: torch.dtype = getattr(torch, settings.precision)
    return Network(config, derive_seed("training", seed, "weights"), precision)


def _phases(
    network: Network,
    methods: Sequence[AnyMethod],
    parts: Sequence[TrainingData],
    stages: Sequence[TrainingSettings],
    settings: TrainingSettings,
    ranks: Ranks,
) -> tuple[Phase, ...]:
    phases: list[Phase] = []
    second = settings.second()
    for place, (method, data, stage) in enumerate(zip(methods, parts, stages, strict=True)):
        frozen = place > 0 and second is not None and second.trained == "classifier"
        if frozen and method.needs_projection:
            raise UserError(
                f"training.second_stage.trained: classifier, but {stage.method} trains "
                "embeddings as well, which would stay as they are; choose another, or train all"
            )
        optimizer = make_optimizer(network, method, stage, frozen)
        first_epoch = 1 + sum(phase.settings.epochs for phase in phases)
        loss_of = own_loss if ranks.count == 1 else ParallelLoss(network, method)
        phases.append(Phase(method, data, optimizer, stage, first_epoch, frozen, loss_of))
    return tuple(phases)


def _views(facts: ImageFacts, settings: TrainingSettings) -> ViewOptions:
    return ViewOptions(
        facts.normalisation,
        settings.horizontal_flip,
        settings.crop_padding,
        settings.cutout_size,
        settings.view_set,
        settings.crop_size,
        settings.cutout_fill,
    )


def _check_together(data: TrainingData, test: TestData, validation: TestData | None) -> None:
    """Refuse images of two sizes, and validation images that are trained on."""
    others = {"test": test} | ({"validation": validation} if validation else {})
    size = data.images.size
    for name, other in others.items():
        if other.images.size != size:
            raise UserError(
                f"training images are {size} and {name} images {other.images.size} "
                "(height, width in pixels); set dataset.image_size and images.image_size to one "
                "size"
            )
    shared = set(data.ids) & set(validation.ids) if validation else set()
    if shared:
        raise UserError(
            f"--validation: {len(shared)} of its images are members of the training set, the first "
            f"is {min(shared)!r}; give both as one run of the subset stage wrote them"
        )
