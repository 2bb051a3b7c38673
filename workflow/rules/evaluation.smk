rule evaluation:
    input:
        predictions=rules.training.output.predictions,
        members=members_of,
    output:
        results("evaluation", f"{RUN}/metrics.parquet"),
    log:
        log("evaluation", RUN),
    benchmark:
        timing("evaluation", RUN)
    conda:
        "../../envs/training.yaml"
    params:
        flags=flags_of(CONFIG.evaluation),
        code=digest("evaluation"),
        label=lambda wildcards: CONFIG.training.labels[wildcards.run],
    shell:
        "python -m sau evaluation --predictions {input.predictions:q} --members {input.members:q}"
        " --metrics {output:q} --label={params.label:q} {params.flags} 2>&1 | logged {log:q}"
