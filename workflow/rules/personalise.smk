# What each class's pictures are drawn from or learned from: images that every run trains on.
EVERY_TAIL = every(
    rules.subset.output.real,
    imbalance_factor=FACTORS,
    data_seed=CONFIG.experiment.data_seeds,
)


# Only where personalise.method is set: nobody asks for it otherwise.
rule personalise:
    input:
        train_images=rules.dataset.output.train,
        tails=EVERY_TAIL,
        prompts=rules.prompts.output,
    output:
        directory(results("personalise", "shard-{shard}")),
    log:
        log("personalise", "shard-{shard}"),
    benchmark:
        timing("personalise", "shard-{shard}")
    conda:
        "../../envs/pipeline.yaml"
    threads: CONFIG.personalise.threads
    resources:
        gpu=int(CONFIG.personalise.device == "cuda"),
    params:
        flags=flags_of(CONFIG.personalise),
        checkpoints=other_flags_of(CONFIG.personalise),
        code=digest("personalise"),
        source=CONFIG.images.source,
        model=CONFIG.images.model,
        revision=CONFIG.images.revision,
        weights=fingerprint_of([CONFIG.images.model]),
    shell:
        "python -m sau personalise --train-images {input.train_images:q} --tails {input.tails:q}"
        " --prompts {input.prompts:q}"
        " --output {output:q} --shard {wildcards.shard} --source {params.source} --model {params.model:q} --revision={params.revision:q}"
        " {params.flags} {params.checkpoints} 2>&1 | logged {log:q}"


PERSONALISED = (
    every(rules.personalise.output, shard=range(CONFIG.personalise.shards))
    if CONFIG.personalise.method != "none"
    else []
)
