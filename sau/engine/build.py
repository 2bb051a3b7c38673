"""A run from data and settings: network, methods and optimizers on the data's device."""

import dataclasses
from collections.abc import Sequence

from sau.core.errors import ArgumentError
from sau.core.random_streams import derive_seed
from sau.data.sets import TestData, TrainingData, ValidationData
from sau.device.precision import working_precision
from sau.device.ranks import ALONE, Ranks
from sau.engine.averaging import Averager
from sau.engine.backbone import Backbone, plan_backbone, start_encoder
from sau.engine.classifier_start import start_classifier
from sau.engine.learning import Learns
from sau.engine.loop import Run
from sau.engine.optimizers import make_optimizer
from sau.engine.parallel import ParallelLoss, own_loss
from sau.engine.phases import Phase, second_settings
from sau.engine.settings import TrainingSettings
from sau.engine.start_from import Start, take_weights
from sau.engine.whitening import refuse_small_images, start_whitening
from sau.methods import create_method
from sau.methods.base import AnyMethod, MethodContext, OptionError
from sau.networks import Network, NetworkConfig, seeded
from sau.networks.batch_norm import synchronise
from sau.views import Normalisation, ViewOptions


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunData:
    """All images of a run, on one device and of one size.

    Attributes:
        train: what is trained on.
        test: classified after an epoch; None: nothing is measured.
        validation: measured too, to choose an epoch by; None if there are none.
        classes: C.
        normalisation: mean and standard deviation of the training images.
        class_names: C, in label order; empty where nobody has named them.
    """

    train: TrainingData
    test: TestData | None = None
    validation: ValidationData | None = None
    classes: int
    normalisation: Normalisation
    class_names: Sequence[str] = ()


def build_run(
    data: RunData,
    settings: TrainingSettings,
    *,
    seed: int,
    ranks: Ranks = ALONE,
    start: Start | None = None,
) -> Run:
    """Build what is trained, on the device of the data.

    Args:
        data: real and synthetic images; a stage that trains on real ones alone leaves out the rest.
        settings: the recipe.
        seed: of weights, order and views.
        ranks: the processes that train together; their group is there.
        start: a trained network to start from; None: random or pretrained weights.

    Raises:
        ArgumentError: stages or weights that do not fit together, or views that show nothing of an
            image.
    """
    _refuse_wide_padding(settings, data.train.images.size)
    _refuse_blank_views(settings, data.train.images.size)
    backbone = plan_backbone(settings, data.normalisation, data.train.images.size)
    side = settings.input_size or settings.crop_size
    refuse_small_images(settings.backbone, side, data.train.images.size)
    stages = [stage for stage in (settings, second_settings(settings)) if stage is not None]
    parts = [data.train.real() if stage.data == "real" else data.train for stage in stages]
    methods = [
        _method(stage, part, data.classes, backbone.feature_size, seed, place)
        for place, (stage, part) in enumerate(zip(stages, parts, strict=True))
    ]
    device = data.train.labels.device
    network = _network(settings, methods, data.classes, backbone, seed, start).to(device)
    network.precision = working_precision(settings.precision, device)
    views = _views(backbone.normalisation, settings)
    if start is None:
        start_whitening(network, parts[0], views, seed)
    start_classifier(network, settings, backbone, parts[0], data.class_names, views)
    if settings.sync_batch_norm:
        synchronise(network)
    for method in methods:
        method.attach(network)
    phases = _phases(network, methods, parts, stages, settings, ranks)
    averager = Averager(network, settings)
    if settings.compile != "off":
        network.compile_layers(settings.compile)
    return Run(
        network=network,
        averager=averager,
        phases=phases,
        test=data.test,
        validation=data.validation,
        views=views,
        settings=settings,
        seed=seed,
        device=device,
        ranks=ranks,
    )


def _method(
    settings: TrainingSettings,
    data: TrainingData,
    classes: int,
    features: int,
    seed: int,
    place: int,
) -> AnyMethod:
    """Build the method of the stage at `place`, its heads from a seed of their own.

    Raises:
        ArgumentError: an option that the images or this machine cannot have.
    """
    context = MethodContext(
        labels=data.labels,
        classes=classes,
        feature_size=features,
        embedding_size=settings.projection_size,
        epochs=settings.epochs,
        is_synthetic=data.is_synthetic,
        scores=data.scores,
        true_labels=data.true_labels,
    )
    with seeded(derive_seed("training", seed, "heads", place)):
        try:
            return create_method(settings.method, context, settings.options)
        except OptionError as error:
            stage = "second_stage." if place else ""
            raise ArgumentError(f"{stage}options.{error}") from error


def _network(
    settings: TrainingSettings,
    methods: Sequence[AnyMethod],
    classes: int,
    backbone: Backbone,
    seed: int,
    start: Start | None,
) -> Network:
    """Build the network that all stages share, with the weights that it starts from.

    Raises:
        ArgumentError: the stages' methods need classifiers of two kinds, or weights do not fit.
    """
    kinds = [(m.classifier, m.classifier_scale) for m in methods if m.classifier is not None]
    if len(set(kinds)) > 1:
        raise ArgumentError(
            f"second_stage.method: it needs a {kinds[1][0]} classifier (scale "
            f"{kinds[1][1]:g}), but the first phase trains a {kinds[0][0]} one (scale "
            f"{kinds[0][1]:g}); choose another method"
        )
    config = NetworkConfig(
        settings.backbone,
        settings.channels(),
        classes,
        input_size=backbone.input_size,
        interpolation=backbone.interpolation,
    )
    if settings.classifier == "cosine" and kinds:
        raise ArgumentError(
            f"classifier: cosine, but {settings.method} or its second stage brings a classifier of "
            "its own; leave it out"
        )
    if settings.classifier == "cosine":
        kinds = [("cosine", settings.classifier_scale)]
    if kinds:
        kind, scale = kinds[0]
        config = dataclasses.replace(config, classifier=kind, classifier_scale=scale)
    if any(method.needs_projection for method in methods):
        config = dataclasses.replace(
            config,
            projection_hidden=settings.projection_hidden,
            projection_size=settings.projection_size,
        )
    network = Network(config, derive_seed("training", seed, "weights"))
    if start is not None:
        if settings.classifier_start != "random":  # which would take the classifier's place
            start = dataclasses.replace(start, places=None)
        take_weights(network, start, own_size=settings.input_size is not None)
    start_encoder(network.encoder, settings, backbone, seed)
    return network


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
        learns: Learns = "heads" if settings.freeze == "backbone" else "all"
        if place > 0 and second is not None and second.trained == "classifier":
            learns = "classifier"
        if learns == "classifier" and method.needs_projection:
            raise ArgumentError(
                f"second_stage.trained: classifier, but {stage.method} trains "
                "embeddings as well, which would stay as they are; choose another, or train all"
            )
        optimizer = make_optimizer(network, method, stage, learns)
        first_epoch = 1 + sum(phase.settings.epochs for phase in phases)
        loss_of = own_loss if ranks.count == 1 else ParallelLoss(network, method)
        phases.append(Phase(method, data, optimizer, stage, first_epoch, learns, loss_of))
    return tuple(phases)


def _refuse_wide_padding(settings: TrainingSettings, size: tuple[int, int]) -> None:
    """Refuse a padding for which an image, (height, width), has too few pixels to be reflected."""
    if settings.crop_fill == "reflect" and settings.crop_padding >= min(size):
        height, width = size
        raise ArgumentError(
            f"crop_padding: {settings.crop_padding}, but images of {width} x {height} pixels "
            f"reflect {min(size) - 1} at most; lower it, or set crop_fill to black"
        )


def _refuse_blank_views(settings: TrainingSettings, size: tuple[int, int]) -> None:
    """Refuse a Cutout hole that covers each image, (height, width), wherever its centre is."""
    height, width = size
    if settings.view_set == "cifar" and settings.cutout_size >= 2 * max(height, width):
        raise ArgumentError(
            f"cutout_size: {settings.cutout_size} covers images of {width} x {height} pixels "
            f"wherever the hole is; set it to half of their side, {min(height, width) // 2}, or 0"
        )


def _views(normalisation: Normalisation, settings: TrainingSettings) -> ViewOptions:
    return ViewOptions(
        normalisation=normalisation,
        horizontal_flip=settings.horizontal_flip,
        crop_padding=settings.crop_padding,
        cutout_size=settings.cutout_size,
        view_set=settings.view_set,
        crop_size=settings.crop_size,
        cutout_fill=settings.cutout_fill,
        crop_fill=settings.crop_fill,
        flips=settings.flips,
    )
