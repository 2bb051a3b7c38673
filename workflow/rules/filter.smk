# It reads figures, no image. The test images' are for the leak check alone.
rule filter:
    input:
        scores=SCORES,
        test_scores=TEST_SCORES,
        # Their records alone: by them networks are known that have seen no test image.
        train_images=rules.dataset.output.train if CONFIG.filter.influence else [],
        validation=held_out(CONFIG.filter.influence),
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
        influence=fingerprint_of([CONFIG.filter.influence]),
        train_images=optional("train_images"),
        validation=optional("validation"),
    shell:
        "python -m sau filter --scores {input.scores:q} --test-scores {input.test_scores:q}"
        " {params.train_images} {params.validation} --output {output:q} {params.flags} {params.warnings} 2>&1 | logged {log:q}"


KEPT = rules.filter.output
