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
        flags=flags_of(CONFIG.prompts),
        asking=other_flags_of(CONFIG.prompts.fit_for_logs()),
        code=digest("prompts"),
        # No output: Snakemake removes the outputs of a killed job, and paid answers must outlive it.
        answers=results("prompts", "answers.jsonl"),
    shell:
        "python -m sau prompts --train-images {input.train_images:q} --output {output:q}"
        " --answers {params.answers:q} {params.flags} {params.asking} 2>&1 | logged {log:q}"
