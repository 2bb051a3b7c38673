# It reads figures, no image. The test images' are for the leak check alone.
rule filter:
    input:
        scores=SCORES,
        test_scores=TEST_SCORES,
    output:
        results("filter", "kept.parquet"),
    log:
        log("filter", "filter"),
    benchmark:
        timing("filter", "filter")
    conda:
        "../../envs/pipeline.yaml"
    threads: CONFIG.filter.threads
    params:
        flags=flags_of(CONFIG.filter),
        warnings=other_flags_of(CONFIG.filter),
        code=digest("filter"),
    shell:
        "python -m sau filter --scores {input.scores:q} --test-scores {input.test_scores:q}"
        " --output {output:q} {params.flags} {params.warnings} 2>&1 | logged {log:q}"


KEPT = rules.filter.output
