"""The filter's rule: the best share of each class."""

import math

import numpy as np
import pandas as pd

from sau.manifest.schemas import STATUS_OK, STATUS_UNSCORED


def keep_top_fraction(scores: pd.DataFrame, fraction: float) -> pd.DataFrame:
    """Keep the best-scored share of each class.

    CLIP's cosine differs from class to class, so ranks are taken within the class: one threshold
    for all would empty some. Of n readable images of a class ceil(fraction * n) are kept; ties are
    broken by id, so the count is exact and a class with an image never becomes empty.

    Args:
        scores: columns id, label, score (-1 to 1, NaN without a scorer), status.
        fraction: in (0, 1].

    Returns: columns id, label, score, rank (Int32, from 1; missing if not ranked), kept (bool) and
        reason, in the order of `scores`.
    """
    out = scores[["id", "label", "score"]].copy()
    out["rank"] = pd.array([pd.NA] * len(out), dtype="Int32")
    out["kept"] = False
    out["reason"] = "image failed"
    unscored = scores["status"] == STATUS_UNSCORED
    out.loc[unscored, "kept"] = True
    out.loc[unscored, "reason"] = "no scorer configured"

    ranked = out[scores["status"] == STATUS_OK].sort_values(
        ["label", "score", "id"], ascending=[True, False, True], kind="stable"
    )
    rank = ranked.groupby("label").cumcount() + 1
    quota = ranked.groupby("label")["id"].transform("size").map(lambda n: _quota(n, fraction))
    kept = rank <= quota
    share = f"best {100 * fraction:g} % of the class by score"
    out.loc[ranked.index, "rank"] = rank.astype("Int32")
    out.loc[ranked.index, "kept"] = kept
    out.loc[ranked.index, "reason"] = np.where(kept, f"among the {share}", f"not among the {share}")
    return out


def _quota(count: int, fraction: float) -> int:
    # 0.8 * 160 is 128.00000000000003 in floating point: round before the ceiling.
    return math.ceil(round(fraction * count, 9))
