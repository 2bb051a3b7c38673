rule report:
    input:
        metrics=runs_of(rules.evaluation.output),
        predictions=runs_of(rules.training.output.predictions),
        histories=runs_of(rules.training.output.history),
        label_corrections=runs_of(rules.training.output.label_correction),
        members=runs_of(rules.subset.output),
        kept=rules.filter.output,
        train_images=rules.dataset.output.train,
        synthetic_images=IMAGES,
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
        flags=flags(CONFIG.report),
        code=digest("report"),
    shell:
        "python -m sau report --metrics {input.metrics:q} --predictions {input.predictions:q}"
        " --histories {input.histories:q} --label-corrections {input.label_corrections:q}"
        " --members {input.members:q} --kept {input.kept:q} --train-images {input.train_images:q}"
        " --synthetic-images {input.synthetic_images:q} --html {output.html:q}"
        " --markdown {output.markdown:q} --csv {output.csv:q} --curves {output.curves:q}"
        " --confusion {output.confusion:q} --noise {output.noise:q}"
        " --figure {output.figure:q} {params.flags} 2>&1 | tee {log:q}"


REPORTS = expand(rules.report.output, imbalance_factor=FACTORS)


rule overview:
    input:
        metrics=expand(rules.evaluation.output, imbalance_factor=FACTORS, **EVERY_RUN),
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
        flags=flags(CONFIG.report),
        code=digest("report"),
    shell:
        "python -m sau overview --metrics {input.metrics:q} --html {output.html:q}"
        " --markdown {output.markdown:q} --csv {output.csv:q} --figure {output.figure:q}"
        " {params.flags} 2>&1 | tee {log:q}"


OVERVIEW = rules.overview.output
