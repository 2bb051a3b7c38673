"""Array jobs of SLURM, for which all jobs of a rule must be there at once."""

from sau.core.errors import UserError


def check_array_jobs(rules: str | None, at_once: int | None, due: int) -> None:
    """Refuse fewer jobs at once than there are to do, if some are to be submitted as arrays.

    Snakemake's plugin holds a rule's jobs back until it has all that are ready. Those that it held
    back count as running, and it is never asked for them again: the workflow would wait for ever.

    Args:
        rules: whose jobs become arrays, as `--slurm-array-jobs` has them; None: of none.
        at_once: as `--jobs` has it; None: no bound.
        due: jobs of the whole workflow that are to do.

    Raises:
        UserError: too few at once.
    """
    if rules and at_once is not None and at_once < due:
        raise UserError(
            f"slurm-array-jobs: {rules}, but {at_once} of {due} jobs at once (jobs), with which "
            f"Snakemake would wait for ever; set jobs to {due}, or leave slurm-array-jobs out"
        )
