"""The options of each method, by the method's name; importing them imports no torch."""

from sau.methods.options.balanced_softmax import BalancedSoftmaxOptions
from sau.methods.options.bcl import BclOptions
from sau.methods.options.cb_focal import CbFocalOptions
from sau.methods.options.cross_entropy import CrossEntropyOptions
from sau.methods.options.cutmix import CutmixOptions
from sau.methods.options.glmc import GlmcOptions
from sau.methods.options.hybrid_sc import HybridScOptions
from sau.methods.options.ldam_drw import LdamDrwOptions
from sau.methods.options.logit_adjustment import LogitAdjustmentOptions
from sau.methods.options.max_norm import MaxNormOptions
from sau.methods.options.mixup import MixupOptions
from sau.methods.options.paco import PacoOptions
from sau.methods.options.proco import ProcoOptions
from sau.methods.options.sau import SauOptions
from sau.methods.options.sure import SureOptions
from sau.settings.section import Section

METHOD_OPTIONS: dict[str, type[Section]] = {
    "balanced_softmax": BalancedSoftmaxOptions,
    "bcl": BclOptions,
    "cb_focal": CbFocalOptions,
    "cross_entropy": CrossEntropyOptions,
    "cutmix": CutmixOptions,
    "glmc": GlmcOptions,
    "hybrid_sc": HybridScOptions,
    "ldam_drw": LdamDrwOptions,
    "logit_adjustment": LogitAdjustmentOptions,
    "max_norm": MaxNormOptions,
    "mixup": MixupOptions,
    "paco": PacoOptions,
    "proco": ProcoOptions,
    "sau": SauOptions,
    "sure": SureOptions,
}

__all__ = [
    "METHOD_OPTIONS",
    "BalancedSoftmaxOptions",
    "BclOptions",
    "CbFocalOptions",
    "CrossEntropyOptions",
    "CutmixOptions",
    "GlmcOptions",
    "HybridScOptions",
    "LdamDrwOptions",
    "LogitAdjustmentOptions",
    "MaxNormOptions",
    "MixupOptions",
    "PacoOptions",
    "ProcoOptions",
    "SauOptions",
    "SureOptions",
]
