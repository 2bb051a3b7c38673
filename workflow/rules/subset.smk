rule subset:
    input:
        train_images=rules.dataset.output.train,
    output:
        real=results("subset", f"{SUBSET}/real.parquet"),
        validation=results("subset", f"{SUBSET}/validation.parquet"),
    log:
        log("subset", SUBSET),
    benchmark:
        timing("subset", SUBSET)
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags_of(CONFIG.subset),
        code=digest("subset"),
    shell:
        "python -m sau subset --train-images {input.train_images:q} --real {output.real:q}"
        " --validation {output.validation:q} --imbalance-factor {wildcards.imbalance_factor}"
        " --data-seed {wildcards.data_seed} {params.flags} 2>&1 | logged {log:q}"
