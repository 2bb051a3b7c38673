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
    threads: CONFIG.scores.threads + CONFIG.scores.decode_workers
    resources:
        gpu=int(CONFIG.scores.device == "cuda"),
    params:
        flags=flags_of(CONFIG.scores),
        decoding=other_flags_of(CONFIG.scores),
        code=digest("scores"),
        weights=fingerprint_of([CONFIG.scores.model, CONFIG.scores.pretrained]),
    shell:
        "python -m sau scores --images {input:q} --output {output:q} {params.flags}"
        " {params.decoding} 2>&1 | logged {log:q}"


# Real images in the same way, for whoever compares synthetic ones with them. They have no prompts.
use rule scores as scores_test with:
    input:
        rules.dataset.output.test,
    output:
        results("scores", "test.parquet"),
    log:
        log("scores", "test"),
    benchmark:
        timing("scores", "test")


SCORES = expand(rules.scores.output, shard=SHARDS)
TEST_SCORES = [] if CONFIG.filter.leak == "off" else rules.scores_test.output
