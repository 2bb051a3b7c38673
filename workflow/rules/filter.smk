rule filter:
    input:
        SCORES,
    output:
        results("filter", "kept.parquet"),
    log:
        log("filter", "filter"),
    benchmark:
        timing("filter", "filter")
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags(CONFIG.filter),
        code=digest("filter"),
    shell:
        "python -m sau filter --scores {input:q} --output {output:q} {params.flags} 2>&1 | tee {log:q}"
