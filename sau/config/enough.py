"""Whether there can be synthetic images enough, and guides, by a look at what sources list."""

import math
from pathlib import Path

import numpy as np

from sau.config.config import Config
from sau.core.errors import UserError
from sau.core.silence import without_warnings
from sau.longtail.complement import complement_counts
from sau.longtail.counts import Labels
from sau.longtail.need import counts_by_need
from sau.longtail.validation import validation_counts
from sau.pipeline.complement.shortage import UNDERFILL, advice, shortage


def check_enough(config: Config) -> None:
    """Check that known classes are named, each tail can be filled, and each class be guided.

    Real and imported images are listed, none is read. What the filter rejects by its other rules,
    and what cannot be read, is not known yet.

    Raises:
        UserError: what listing them raises; a class that is named in the sections images or
            prompts and is none; a tail that cannot be filled, where that is to be refused; a class
            that starts from real images of which none is in all tails.
    """
    if not config.wants_synthetic() or config.dataset.download:
        return
    from sau.pipeline.dataset.load import load
    from sau.pipeline.subset.stage import real_counts

    with without_warnings():
        names, train, _ = load(config.dataset)
        labels = train.labels
        if config.wants_members():
            _check_members(config, labels, names)
        there = _kept_at_most(config, names)
        is_filled = config.rows_on_synthetic() and config.complement.on_shortage == "refuse"
        if there is None or not is_filled:
            return
        validated = _validated(config, names)
        for factor in config.experiment.factor_names():
            counts, _ = real_counts(labels, names, factor, config.subset)
            held = validation_counts(counts, config.subset.validation_fraction)
            real = [count - out for count, out in zip(counts, held, strict=True)]
            wanted = counts_by_need(real, *validated) if validated else complement_counts(real)
            _refuse_shortage(config, factor, wanted, there, names)


def _validated(config: Config, names: list[str]) -> tuple[list[int], list[int]] | None:
    """Return validation images of each class and those that are right, if the tail is filled so."""
    if not config.complement.need:
        return None
    from sau.assets.trained_on import RealImages
    from sau.assets.validated import read_validated

    # The images have no hash yet: the complement compares it.
    real = RealImages(Path(config.dataset.name or config.dataset.source), (), names)
    found = read_validated(config.complement.need, real, "complement.need")
    return found.images, found.right


def _kept_at_most(config: Config, names: list[str]) -> list[int] | None:
    """Return how many images of each class the filter can keep; None if rounds decide of them."""
    images, made_by = config.images, config.made_by()
    if made_by == "imported":
        from sau.pipeline.images.imported import list_imported

        made = np.bincount(list_imported(images, names).labels, minlength=len(names)).tolist()
    else:
        from sau.pipeline.images.beside import list_beside

        prompts, beside = config.prompts, list_beside(images, names)
        prompts.words(names)  # refuses a class that is none
        made = [
            count + beside.to_draw(label, prompts.per_class)
            for label, count in enumerate(beside.counts)
        ]
    if made_by == "rounds":
        return None
    _, share = _smaller_share(config)
    quota = config.filter.quota
    kept = [math.ceil(round(share * count, 9)) for count in made]
    return kept if quota is None else [min(count, quota) for count in kept]


def _smaller_share(config: Config) -> tuple[str, float]:
    """Return the key of the filter that keeps the smallest share of a class, and that share."""
    shares = {key: getattr(config.filter, key) for key in ("keep_fraction", "helpful_fraction")}
    return min(shares.items(), key=lambda pair: pair[1])


def _check_members(config: Config, labels: Labels, names: list[str]) -> None:
    """Check that each class has an image that is trained on in every run, where that is wanted."""
    from sau.pipeline.common_members import refuse_without_member
    from sau.pipeline.images.per_class import settings_by_label
    from sau.pipeline.subset.stage import real_counts, tail_of

    guided = [
        label
        for label, one in settings_by_label(config.images, names).items()
        if one.guide == "real"
    ]
    is_learned = config.personalise.method != "none"
    if not guided and not is_learned:
        return
    grid, everywhere = config.experiment, np.ones(len(labels), dtype=bool)
    tails = [(factor, seed) for factor in grid.factor_names() for seed in grid.data_seeds]
    for factor, seed in tails:
        counts, _ = real_counts(labels, names, factor, config.subset)
        chosen, is_held = tail_of(labels, counts, factor, seed, config.subset)
        everywhere[np.setdiff1d(np.arange(len(labels)), chosen[~is_held])] = False
    common = np.bincount(labels[everywhere], minlength=len(names))
    wanted = range(len(names)) if is_learned else guided
    empty = [label for label in wanted if not common[label]]
    refuse_without_member(empty, names, len(tails), config.wants_members())


def _refuse_shortage(
    config: Config, factor: str, lacking: list[int], there: list[int], names: list[str]
) -> None:
    told = shortage(lacking, there, names)
    if not told:
        return
    helps = advice(config.made_by())
    quota = config.filter.quota
    if quota is not None and quota < max(lacking):
        helps = f"raise filter.quota to {max(lacking)}, or leave it out, {UNDERFILL}"
    elif config.made_by() == "prompts":
        key, share = _smaller_share(config)
        or_keep = f", or filter.{key}" if share < 1 else ""
        enough = math.ceil(max(lacking) / share)
        helps = f"raise prompts.per_class to {enough}{or_keep}, {UNDERFILL}"
    raise UserError(f"config: at imbalance factor {factor} {told}; {helps}")
