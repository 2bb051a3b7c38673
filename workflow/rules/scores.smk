rule scores:
    input:
        images=rules.images.output,
        # Its record alone: by it a classifier is known that has seen no test image.
        train_images=rules.dataset.output.train if CONFIG.scores.classifiers else [],
        validation=held_out(CONFIG.scores.classifiers),
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
        code=digest("scores", networks=bool(CONFIG.scores.classifiers)),
        weights=fingerprint_of(
            [
                CONFIG.scores.model,
                CONFIG.scores.pretrained,
                *CONFIG.scores.classifiers,
            ]
        ),
        train_images=optional("train_images"),
        validation=optional("validation"),
    shell:
        "python -m sau scores --images {input.images:q} {params.train_images} {params.validation}"
        " --output {output:q} {params.flags} {params.decoding} 2>&1 | logged {log:q}"


# Real images in the same way, for whoever compares synthetic ones with them. They have no prompts,
# and no classifier looks at them.
use rule scores as scores_test with:
    input:
        images=rules.dataset.output.test,
        train_images=[],
        validation=[],
    output:
        results("scores", "test.parquet"),
    log:
        log("scores", "test"),
    benchmark:
        timing("scores", "test")
    params:
        flags=flags_of(CONFIG.scores.replace(classifiers=[])),
        decoding=other_flags_of(CONFIG.scores),
        code=digest("scores"),
        weights=fingerprint_of([CONFIG.scores.model, CONFIG.scores.pretrained]),
        train_images=optional("train_images"),
        validation=optional("validation"),


SCORES = every(rules.scores.output, shard=SHARDS)
TEST_SCORES = [] if CONFIG.filter.leak == "off" else rules.scores_test.output
