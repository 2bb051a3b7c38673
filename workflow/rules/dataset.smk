rule dataset:
    output:
        train=results("dataset", "train.parquet"),
        test=results("dataset", "test.parquet"),
    log:
        log("dataset", "dataset"),
    benchmark:
        timing("dataset", "dataset")
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags(CONFIG.dataset),
        code=digest("dataset"),
    shell:
        "python -m sau dataset --train {output.train} --test {output.test} {params.flags} 2>&1 | tee {log}"
