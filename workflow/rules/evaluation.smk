rule evaluation:
    input:
        predictions=rules.training.output.predictions,
        members=rules.subset.output,
    output:
        results("evaluation", f"{RUN}/metrics.parquet"),
    log:
        log("evaluation", RUN),
    benchmark:
        timing("evaluation", RUN)
    conda:
        "../../envs/training.yaml"
    params:
        flags=flags(CONFIG.evaluation),
        code=digest("evaluation"),
    shell:
        "python -m sau evaluation --predictions {input.predictions} --members {input.members}"
        " --metrics {output} {params.flags} 2>&1 | tee {log}"
