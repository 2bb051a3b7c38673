# Imported images come with their labels: nothing is generated, and there are no prompts to wait for.
PROMPTS = [] if CONFIG.images.source == "imported" else rules.prompts.output


rule images:
    input:
        train_images=rules.dataset.output.train,
        prompts=PROMPTS,
    output:
        results("images", "shard-{shard}.parquet"),
    log:
        log("images", "shard-{shard}"),
    benchmark:
        timing("images", "shard-{shard}")
    conda:
        "../../envs/pipeline.yaml"
    threads: CONFIG.images.threads
    params:
        flags=flags(CONFIG.images),
        code=digest("images"),
        prompts=lambda wildcards, input: (
            f"--prompts {input.prompts}" if input.prompts else ""
        ),
    shell:
        "python -m sau images --train-images {input.train_images} {params.prompts} --output {output}"
        " --shard {wildcards.shard} {params.flags} 2>&1 | tee {log}"


IMAGES = expand(rules.images.output, shard=SHARDS)
