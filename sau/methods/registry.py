"""The methods, by the name that `training.method` gives them."""

from sau.methods.balanced_softmax import BalancedSoftmax
from sau.methods.base import Method
from sau.methods.bcl import Bcl
from sau.methods.cb_focal import CbFocal
from sau.methods.cross_entropy import CrossEntropy
from sau.methods.cutmix import Cutmix
from sau.methods.glmc import Glmc
from sau.methods.hybrid_sc import HybridSc
from sau.methods.ldam_drw import LdamDrw
from sau.methods.logit_adjustment import LogitAdjustment
from sau.methods.max_norm import MaxNorm
from sau.methods.mixup import Mixup
from sau.methods.paco import Paco
from sau.methods.proco import Proco
from sau.methods.sau import Sau
from sau.methods.sure import Sure

METHODS: dict[str, type[Method]] = {
    "balanced_softmax": BalancedSoftmax,
    "bcl": Bcl,
    "cb_focal": CbFocal,
    "cross_entropy": CrossEntropy,
    "cutmix": Cutmix,
    "glmc": Glmc,
    "hybrid_sc": HybridSc,
    "ldam_drw": LdamDrw,
    "logit_adjustment": LogitAdjustment,
    "max_norm": MaxNorm,
    "mixup": Mixup,
    "paco": Paco,
    "proco": Proco,
    "sau": Sau,
    "sure": Sure,
}
