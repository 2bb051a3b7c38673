rule scores:
    input:
        rules.images.output,
    output:
        results("scores", "shard-{shard}.parquet"),
    log:
        log("scores", "shard-{shard}"),
    benchmark:
        timing("scores", "shard-{shard}")
    conda:
        "../../envs/pipeline.yaml"
    threads: CONFIG.scores.threads
    params:
        flags=flags(CONFIG.scores),
        code=digest("scores"),
        weights=fingerprint_of([CONFIG.scores.model, CONFIG.scores.pretrained]),
    shell:
        "python -m sau scores --images {input:q} --output {output:q} {params.flags} 2>&1 | tee {log:q}"


SCORES = expand(rules.scores.output, shard=SHARDS)
