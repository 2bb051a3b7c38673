# Table of contents of the pipeline, in the order of the data flow.
# Run it with `snakemake --cores 2`; another experiment with `--configfile configs/NAME.yaml`.
# Installed from a wheel, or from any folder: `sau run`. From another workflow: docs/module.md.

from snakemake.utils import min_version

min_version("9.0")

# A config file given on the command line stands alone: it is not merged into the default. As a module
# of another workflow this one has the config that its module statement gives, or else the default.
IS_MODULE = not workflow.modifier.is_main_snakefile()
DEFAULT_CONFIG = workflow.current_basedir.join("config.yaml").get_path_or_uri(
    secret_free=True
)

if IS_MODULE or not workflow.overwrite_configfiles:

    configfile: DEFAULT_CONFIG


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/subset.smk"


if HAS_SYNTHETIC:

    include: "workflow/rules/prompts.smk"
    include: "workflow/rules/personalise.smk"
    include: "workflow/rules/images.smk"
    include: "workflow/rules/scores.smk"
    include: "workflow/rules/filter.smk"
    include: "workflow/rules/rounds.smk"
    include: "workflow/rules/complement.smk"


include: "workflow/rules/gallery.smk"
include: "workflow/rules/training.smk"


if HAS_SYNTHETIC and CONFIG.influence.row:

    include: "workflow/rules/influence.smk"


include: "workflow/rules/evaluation.smk"
include: "workflow/rules/report.smk"


SYNTHETIC = [PROMPTS, ROUNDS, IMAGES, SCORES, TEST_SCORES, KEPT]


# Every result is asked for, not the pages alone. Snakemake removes the outputs of a job that fails, and
# a later run would not miss them where all that was once made from them is still there: after refused
# prompts the images of the former ones would stand as up to date. Models are not asked for: whoever
# has no use for them may remove them.
rule all:
    default_target: True
    input:
        rules.dataset.output,
        SYNTHETIC if WANTS_SYNTHETIC else [],
        GALLERY if WANTS_SYNTHETIC or not HAS_SYNTHETIC else [],
        EVERY_TRAINING_SET,
        EVERY_RUN_TRAINED,
        INFLUENCE if WANTS_SYNTHETIC else [],
        rules.overview.input.metrics,
        REPORTS,
        OVERVIEW,
