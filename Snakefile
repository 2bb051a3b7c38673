# Table of contents of the pipeline, in the order of the data flow.
# Run it with `snakemake --cores 2`; another experiment with `--configfile configs/NAME.yaml`.

from snakemake.utils import min_version

min_version("9.0")

# A config file given on the command line stands alone: it is not merged into the default.
if not workflow.overwrite_configfiles:

    configfile: f"{workflow.basedir}/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/prompts.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/scores.smk"
include: "workflow/rules/filter.smk"
include: "workflow/rules/gallery.smk"
include: "workflow/rules/subset.smk"
include: "workflow/rules/rounds.smk"
include: "workflow/rules/complement.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        GALLERY,
        OVERVIEW,
        REPORTS,
