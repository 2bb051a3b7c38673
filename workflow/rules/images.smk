# Imported images come with their labels: nothing is generated, and there are no prompts to wait for.
PROMPTS = [] if CONFIG.images.source == "imported" else rules.prompts.output


IMPORTED = list(imported_from(CONFIG.images).values())


IMPORTED_TABLES = (
    dict.fromkeys(
        [CONFIG.images.file, CONFIG.images.folder], CONFIG.images.image_column
    )
    if CONFIG.images.source == "imported"
    and CONFIG.images.layout in ("parquet", "hub-folder")
    else {}
)


rule images:
    input:
        train_images=rules.dataset.output.train,
        prompts=PROMPTS,
        draws=draws_of,
        tails=EVERY_TAIL if CONFIG.images.is_guided() else [],
        personalised=PERSONALISED,
    output:
        results("images", "shard-{shard}.parquet"),
    log:
        log("images", "shard-{shard}"),
    benchmark:
        timing("images", "shard-{shard}")
    conda:
        "../../envs/pipeline.yaml"
    threads: CONFIG.images.threads
    resources:
        gpu=int(CONFIG.images.device == "cuda"),
    params:
        flags=flags_of(CONFIG.images),
        code=digest("images"),
        weights=fingerprint_of(
            [*models(CONFIG.images), *own_files(CONFIG.images).values()]
        ),
        source=fingerprint_of(IMPORTED, IMPORTED_TABLES),
        prompts=optional("prompts"),
        draws=optional("draws"),
        tails=optional("tails"),
        personalised=optional("personalised"),
    shell:
        "python -m sau images --train-images {input.train_images:q} {params.prompts} {params.draws} {params.tails} {params.personalised}"
        " --output {output:q} --shard {wildcards.shard} {params.flags} 2>&1 | logged {log:q}"


IMAGES = every(rules.images.output, shard=SHARDS)
