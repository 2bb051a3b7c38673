rule prompts:
    input:
        train_images=rules.dataset.output.train,
    output:
        results("prompts", "prompts.parquet"),
    log:
        log("prompts", "prompts"),
    benchmark:
        timing("prompts", "prompts")
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags(CONFIG.prompts),
        code=digest("prompts"),
    shell:
        "python -m sau prompts --train-images {input.train_images:q} --output {output:q}"
        " {params.flags} 2>&1 | tee {log:q}"
