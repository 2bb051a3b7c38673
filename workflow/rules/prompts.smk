rule prompts:
    input:
        train_images=rules.dataset.output.train,
    output:
        results("prompts", "prompts.parquet"),
    log:
        log("prompts", "prompts"),
    benchmark:
        timing("prompts", "prompts")
    params:
        flags=flags(CONFIG.prompts),
        code=digest("prompts"),
    shell:
        "{SAU} prompts --train-images {input.train_images} --output {output}"
        " {params.flags} 2>&1 | tee {log}"
