"""sau: long-tailed image recognition with generated images.

The names below are the library's public face, loaded when they are first asked for:

    import sau

    counts = sau.long_tailed_counts(5000, classes=10, imbalance_factor=100)
    result = sau.train(images, labels, is_synthetic=generated, test=(test_images, test_labels))

The pipeline that stands on it is run by `sau run`, see `sau --help`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sau.data.batches import Batch as Batch
    from sau.engine.api import TrainingResult as TrainingResult
    from sau.engine.api import train as train
    from sau.glide.cascade import GlideCascadePipeline as GlideCascadePipeline
    from sau.glide.pipeline import GlidePipeline as GlidePipeline
    from sau.longtail.complement import best_complement as best_complement
    from sau.longtail.complement import complement_counts as complement_counts
    from sau.longtail.complement import draw_complement as draw_complement
    from sau.longtail.counts import cap_imbalance_factor as cap_imbalance_factor
    from sau.longtail.counts import long_tailed_counts as long_tailed_counts
    from sau.longtail.counts import sample_long_tail as sample_long_tail
    from sau.losses.contrastive import (
        SyntheticAwareContrastiveLoss as SyntheticAwareContrastiveLoss,
    )
    from sau.losses.contrastive import synthetic_aware_loss as synthetic_aware_loss
    from sau.losses.label_correction import find_noise as find_noise
    from sau.methods.inputs import Epoch as Epoch
    from sau.methods.inputs import MethodContext as MethodContext
    from sau.methods.inputs import Step as Step
    from sau.methods.prototypes import class_prototypes as class_prototypes
    from sau.methods.prototypes import prototypes_of as prototypes_of
    from sau.methods.registry import create_method as create_method
    from sau.methods.registry import method_names as method_names
    from sau.metrics import Difference as Difference
    from sau.metrics import area_under_risk_coverage as area_under_risk_coverage
    from sau.metrics import balanced_accuracy as balanced_accuracy
    from sau.metrics import class_counts as class_counts
    from sau.metrics import confusion_matrix as confusion_matrix
    from sau.metrics import expected_calibration_error as expected_calibration_error
    from sau.metrics import macro_f1 as macro_f1
    from sau.metrics import negative_log_likelihood as negative_log_likelihood
    from sau.metrics import paired_bootstrap as paired_bootstrap
    from sau.metrics import paired_over_seeds as paired_over_seeds
    from sau.metrics import per_class_f1 as per_class_f1
    from sau.metrics import per_class_recall as per_class_recall
    from sau.metrics import shots as shots
    from sau.metrics import top1 as top1
    from sau.metrics import top1_by_shots as top1_by_shots
    from sau.neighbours.bank import EmbeddingBank as EmbeddingBank
    from sau.networks.network import Network as Network
    from sau.networks.network import NetworkConfig as NetworkConfig
    from sau.views.mixing import cutmix as cutmix
    from sau.views.mixing import mixup as mixup

__version__ = "0.2.0"

_HOMES = {
    "sau.data.batches": ("Batch",),
    "sau.engine.api": ("TrainingResult", "train"),
    "sau.glide.cascade": ("GlideCascadePipeline",),
    "sau.glide.pipeline": ("GlidePipeline",),
    "sau.longtail.complement": ("best_complement", "complement_counts", "draw_complement"),
    "sau.longtail.counts": ("cap_imbalance_factor", "long_tailed_counts", "sample_long_tail"),
    "sau.losses.contrastive": ("SyntheticAwareContrastiveLoss", "synthetic_aware_loss"),
    "sau.losses.label_correction": ("find_noise",),
    "sau.methods.inputs": ("Epoch", "MethodContext", "Step"),
    "sau.methods.prototypes": ("class_prototypes", "prototypes_of"),
    "sau.methods.registry": ("create_method", "method_names"),
    "sau.metrics": (
        "Difference",
        "area_under_risk_coverage",
        "balanced_accuracy",
        "class_counts",
        "confusion_matrix",
        "expected_calibration_error",
        "macro_f1",
        "negative_log_likelihood",
        "paired_bootstrap",
        "paired_over_seeds",
        "per_class_f1",
        "per_class_recall",
        "shots",
        "top1",
        "top1_by_shots",
    ),
    "sau.neighbours.bank": ("EmbeddingBank",),
    "sau.networks.network": ("Network", "NetworkConfig"),
    "sau.views.mixing": ("cutmix", "mixup"),
}
"""The public names by the module that each is loaded from."""

_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(importlib.import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    import difflib

    near = difflib.get_close_matches(name, _HOME_OF, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise AttributeError(f"module 'sau' has no attribute {name!r}{hint}", name=name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
