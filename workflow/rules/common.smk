# What the rules share: the checked config, folder names, and a stage's flags.

import functools
import os
import shlex
import sys
from pathlib import Path

# In a checkout `sau` stands beside the folder `workflow`. Where these rules come from a wheel, or from
# a hosted repository as another workflow's module, it is installed.
if isinstance(workflow.current_basedir, os.PathLike):
    sys.path.insert(0, str(Path(workflow.current_basedir).parents[1]))

import yaml
from snakemake.io import get_flag_value
from snakemake.logging import logger

from sau.config import (
    check_backbones,
    check_enough,
    check_sources,
    expected_grid,
    load,
    read_config_file,
)
from sau.pipeline.images.named_paths import imported_from, models, own_files
from sau.settings.flags import to_flags
from sau.run.array_jobs import check_array_jobs
from sau.run.begun import begin
from sau.run.environment import environment
from sau.run.foreign_tables import warning_of_other_networks, warning_of_other_settings
from sau.run.leaving import leaving_on_bad_input
from sau.run.replacing import refuse_replacing, warning_of_replacing
from sau.run.results_lock import hold_results
from sau.storage.code_digest import code_digest
from sau.assets.shipped import fingerprint
from sau.sources.named_files import named_files


def config_files():
    """Return the files that the config is read from; a module's config has none of its own."""
    return [] if IS_MODULE else workflow.overwrite_configfiles or [DEFAULT_CONFIG]


def checked_config():
    """Check the config against the schema; say what is wrong in one line and leave with code 2."""
    schema = workflow.source_path("../schemas/config.schema.yaml")
    with open(schema, encoding="utf-8") as file, leaving_on_bad_input():
        for path in config_files():
            read_config_file(Path(path))
        checked = load(config, yaml.safe_load(file))
        check_sources(checked)
    return checked


CONFIG = checked_config()
RESULTS = CONFIG.experiment.results
FACTORS = CONFIG.experiment.factor_names()
# Those of the first round, then those of the second one, and so on.
SHARDS = list(range(CONFIG.image_shards()))

# The rules of synthetic images are there if the config names a source of them. They are asked for if
# one of this run's rows trains on them, or its networks say which would help; or else by their names.
HAS_SYNTHETIC = CONFIG.images.source != "none"
WANTS_SYNTHETIC = CONFIG.wants_synthetic()
PROMPTS, ROUNDS, IMAGES, SCORES, TEST_SCORES, KEPT, INFLUENCE = (
    [],
    [],
    [],
    [],
    [],
    [],
    [],
)

# A rule's shell line finds this very `sau` from any working directory and, unless an environment of
# its own is deployed for it, the `python` that runs Snakemake, activated or not.
ENVIRONMENT = environment(deployed=bool(workflow.deployment_settings.deployment_method))
# A scheduler that ends a job sends SIGTERM to all its processes. The shell outlives it, and so does
# `tee`, which outlives Ctrl-C too. Without the one or the other a stage would die with its work
# unsaved and its last words unheard.
LOGGED = "logged() {{ (trap '' INT TERM HUP; tee \"$1\"); }};"
shell.prefix(f"{ENVIRONMENT}set -euo pipefail; trap : TERM; {LOGGED} ")


# Not while jobs are only planned, nor in the processes of single jobs: only the one that starts them
# comes here, before it removes any output. With --nolock nobody is kept off.
onstart:
    with leaving_on_bad_input():
        if workflow.execution_settings.lock:
            hold_results(Path(RESULTS))
        if not workflow.touch:
            check_executor()
            check_before_jobs()
    begin(Path(RESULTS))


def check_executor():
    """Refuse settings of the executor with which the jobs would never start."""
    rules = getattr(workflow.executor_settings, "array_jobs", None)
    due = sum(1 for job in workflow.dag.needrun_jobs())
    check_array_jobs(rules, workflow.resource_settings.nodes, due)


SUBSET = "imbalance-{imbalance_factor}/data-seed-{data_seed}"
RUN = f"{{run}}/{SUBSET}/seed-{{seed}}"
EVERY_RUN = dict(
    run=CONFIG.row_names(),
    data_seed=CONFIG.experiment.data_seeds,
    seed=CONFIG.experiment.seeds,
)


wildcard_constraints:
    imbalance_factor=r"[0-9.]+(e\+[0-9]+)?|as-is",
    data_seed=r"\d+",
    seed=r"\d+",
    shard=r"\d+",
    round=r"\d+",
    run=r"[a-z0-9][a-z0-9-]*",


def results(stage, name):
    """Return the path of a result: `<results>/<stage>/<name>`."""
    return f"{RESULTS}/{stage}/{name}"


def every(outputs, **wildcards):
    """Return what `expand` returns of rules' outputs, of those in a default storage too."""
    patterns = [outputs] if isinstance(outputs, str) else outputs
    return expand([declared(pattern) for pattern in patterns], **wildcards)


def declared(path):
    """Return a path as its rule has it, without what a default storage provider makes of it."""
    stored = get_flag_value(path, "storage_object")
    if stored is None:
        return path
    prefix = workflow.storage_settings.default_storage_prefix
    return stored.query.removeprefix(prefix).lstrip("/")


def log(stage, name):
    """Return the path of a log: `<results>/logs/<stage>/<name>.log`."""
    return f"{RESULTS}/logs/{stage}/{name}.log"


def timing(stage, name):
    """Return the path of Snakemake's benchmark: `<results>/benchmarks/<stage>/<name>.tsv`."""
    return f"{RESULTS}/benchmarks/{stage}/{name}.tsv"


# Settings are handed over by a function of the wildcards. A plain string in `params` would have its
# braces, such as those of a prompt's template, expanded as wildcards.
def flags_of(settings):
    """Return a params function: the flags of those settings that results depend on.

    `settings` are a section, or a function of the wildcards that returns one.
    """
    return lambda wildcards: to_flags(
        section_for(settings, wildcards), affects_result=True
    )


def other_flags_of(settings):
    """Return a params function: the flags of those settings that no result depends on.

    It takes `input`, as Snakemake runs nothing again for params that depend on that.
    """
    return lambda wildcards, input: to_flags(
        section_for(settings, wildcards), affects_result=False
    )


def optional(name):
    """Return a params function: the flag of an input that may be left out, with its files.

    It takes `input`, as Snakemake runs nothing again for params that depend on that.
    """

    def flag(wildcards, input):
        given = input[name]
        files = [given] if isinstance(given, str) else given
        return (
            f"--{name.replace('_', '-')} {shlex.join(map(str, files))}" if files else ""
        )

    return flag


def section_for(settings, wildcards):
    """Return the section that holds for a job."""
    return settings(wildcards) if callable(settings) else settings


# Both digests are the same for every job: they read many files, and are made once.
stage_digest = functools.cache(code_digest)


def digest(package, networks=False):
    """Return the digest of a stage's code, so that an edit runs that stage again.

    `networks`: whether the stage asks trained networks, whose code counts then.
    """
    return lambda wildcards: stage_digest(package, networks=networks)


def fingerprint_of(paths, table_columns={}):
    """Return a params function: a digest of files from outside, to notice when they change.

    `table_columns` are tables with the column that may name images by their paths, which count too.
    """
    once = functools.cache(
        lambda: fingerprint([*paths, *map(str, files_in(table_columns))])
    )
    return lambda wildcards: once()


def files_in(table_columns):
    """Return the files that tables name, each with its column of images."""
    pairs = table_columns.items()
    return [
        path
        for table, column in pairs
        if table
        for path in named_files(Path(table), column)
    ]


def held_out(networks):
    """Return what networks that are asked, if any, should not have been trained on either."""
    if not networks or CONFIG.subset.validation_fraction == 0:
        return []
    grid = CONFIG.experiment
    return expand(
        rules.subset.output.validation,
        imbalance_factor=FACTORS,
        data_seed=grid.data_seeds,
    )


def longest_tails(wildcards):
    """Return the real images of the tails that lack most; any data seed's have the same counts."""
    return every(
        rules.subset.output.real,
        imbalance_factor=CONFIG.experiment.largest_factors(),
        data_seed=min(CONFIG.experiment.data_seeds),
    )


def draws_of(wildcards):
    """Return what the round of a shard draws, if there are rounds."""
    if CONFIG.rounds.over_generation is None:
        return []
    number = int(wildcards.shard) // CONFIG.images.shards
    return results("rounds", f"round-{number}.parquet")


def kept_before(wildcards):
    """Return what the filter keeps of the rounds before one, if it is not the first."""
    before = int(wildcards.round) - 1
    return results("filter", f"round-{before}.parquet") if before >= 0 else []


def scores_until(wildcards):
    """Return the scores of a round and of those before it."""
    shards = range(CONFIG.images.shards * (int(wildcards.round) + 1))
    return every(rules.scores.output, shard=shards)
