# What a page links, if it is made.
GALLERY_LINK = GALLERY if WANTS_SYNTHETIC or not HAS_SYNTHETIC else []


rule report:
    input:
        metrics=runs_of(rules.evaluation.output),
        predictions=runs_of(rules.training.output.predictions),
        histories=runs_of(rules.training.output.history),
        label_corrections=runs_of(rules.training.output.label_correction),
        members=runs_of(member_lists(CONFIG.row_names())),
        kept=KEPT if WANTS_SYNTHETIC else [],
        train_images=rules.dataset.output.train,
        test_images=rules.dataset.output.test,
        synthetic_images=IMAGES if WANTS_SYNTHETIC else [],
    output:
        html=report(
            results("report", "imbalance-{imbalance_factor}.html"),
            caption="../report/imbalance_factor.rst",
            category="Imbalance factor {imbalance_factor}",
        ),
        markdown=results("report", "imbalance-{imbalance_factor}.md"),
        csv=report(
            results("report", "imbalance-{imbalance_factor}.csv"),
            caption="../report/table.rst",
            category="Imbalance factor {imbalance_factor}",
        ),
        curves=results("report", "imbalance-{imbalance_factor}-curves.csv"),
        confusion=results("report", "imbalance-{imbalance_factor}-confusion.csv"),
        noise=results("report", "imbalance-{imbalance_factor}-noise.csv"),
        figure=report(
            results("report", "imbalance-{imbalance_factor}.png"),
            caption="../report/classes.rst",
            category="Imbalance factor {imbalance_factor}",
        ),
    log:
        log("report", "imbalance-{imbalance_factor}"),
    benchmark:
        timing("report", "imbalance-{imbalance_factor}")
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags_of(CONFIG.report),
        code=digest("report"),
        kept=optional("kept"),
        gallery=GALLERY_LINK,
        models=runs_of(rules.training.output.model),
        logs=runs_of(log("training", RUN)),
    shell:
        "python -m sau report --metrics {input.metrics:q} --predictions {input.predictions:q}"
        " --histories {input.histories:q} --label-corrections {input.label_corrections:q}"
        " --members {input.members:q} {params.kept} --train-images {input.train_images:q}"
        " --test-images {input.test_images:q} --synthetic-images {input.synthetic_images:q}"
        " --html {output.html:q} --markdown {output.markdown:q} --csv {output.csv:q} --curves {output.curves:q}"
        " --confusion {output.confusion:q} --noise {output.noise:q}"
        " --gallery {params.gallery:q} --models {params.models:q} --logs {params.logs:q}"
        " --figure {output.figure:q} {params.flags} 2>&1 | logged {log:q}"


REPORTS = every(rules.report.output, imbalance_factor=FACTORS)


rule overview:
    input:
        metrics=every(rules.evaluation.output, imbalance_factor=FACTORS, **EVERY_RUN),
        predictions=every(
            rules.training.output.predictions, imbalance_factor=FACTORS, **EVERY_RUN
        ),
    output:
        html=report(
            results("report", "overview.html"),
            caption="../report/overview.rst",
            category="Overview",
        ),
        markdown=results("report", "overview.md"),
        csv=report(
            results("report", "summary.csv"),
            caption="../report/summary.rst",
            category="Overview",
        ),
        paper=report(
            results("report", "paper.csv"),
            caption="../report/paper.rst",
            category="Overview",
        ),
        figure=report(
            results("report", "overview.png"),
            caption="../report/figure.rst",
            category="Overview",
        ),
    log:
        log("report", "overview"),
    benchmark:
        timing("report", "overview")
    conda:
        "../../envs/pipeline.yaml"
    params:
        metrics=lambda wildcards, input: input.metrics,
        predictions=lambda wildcards, input: input.predictions,
        gallery=GALLERY_LINK,
        pages=every(rules.report.output.html, imbalance_factor=FACTORS),
        expected=expected_runs,
        flags=flags_of(CONFIG.report),
        code=digest("report"),
    shell:
        "python -m sau overview --metrics {params.metrics:q} --expected={params.expected:q}"
        " --predictions {params.predictions:q} --pages {params.pages:q} --gallery {params.gallery:q}"
        " --html {output.html:q} --markdown {output.markdown:q} --csv {output.csv:q}"
        " --paper {output.paper:q} --figure {output.figure:q} {params.flags} 2>&1 | logged {log:q}"


OVERVIEW = rules.overview.output


# The same page at any time, also while another Snakemake trains: `snakemake overview_so_far`. The
# metrics are no input, or what is out of date or under way would be run first, and its files are
# locked. Instead their names and times are settings, so that the page is made again when they change.
use rule overview as overview_so_far with:
    input:
        [],
    output:
        html=results("report", "so-far.html"),
        markdown=results("report", "so-far.md"),
        csv=results("report", "so-far.csv"),
        paper=results("report", "paper-so-far.csv"),
        figure=results("report", "so-far.png"),
    log:
        log("report", "so-far"),
    benchmark:
        timing("report", "so-far")
    params:
        metrics=metrics_so_far,
        predictions=predictions_so_far,
        gallery=GALLERY_LINK,
        pages=[],
        times=lambda wildcards: fingerprint(metrics_so_far(wildcards)),
        expected=expected_runs,
        flags=flags_of(CONFIG.report),
        code=digest("report"),
