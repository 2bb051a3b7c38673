rule subset:
    input:
        train_images=rules.dataset.output.train,
        kept=rules.filter.output,
    output:
        results("subset", f"{SUBSET}/members.parquet"),
    log:
        log("subset", SUBSET),
    benchmark:
        timing("subset", SUBSET)
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags(CONFIG.subset),
        code=digest("subset"),
    shell:
        "python -m sau subset --train-images {input.train_images:q} --kept {input.kept:q} --output {output:q}"
        " --imbalance-factor {wildcards.imbalance_factor} --data-seed {wildcards.data_seed}"
        " {params.flags} 2>&1 | tee {log:q}"
