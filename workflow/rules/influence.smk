# Of one row alone, at the largest imbalance factor and the first data seed: the gallery, which shows it,
# is of no tail in particular.
OF_INFLUENCE = dict(
    imbalance_factor=CONFIG.experiment.largest_factors()[0],
    data_seed=min(CONFIG.experiment.data_seeds),
)
OF_INFLUENCE_RUNS = dict(
    run=CONFIG.influence.row, seed=CONFIG.experiment.seeds, **OF_INFLUENCE
)


rule influence:
    input:
        models=every(rules.training.output.model, **OF_INFLUENCE_RUNS),
        validation=every(rules.subset.output.validation, **OF_INFLUENCE),
        train_images=rules.dataset.output.train,
        images=IMAGES,
    output:
        results("influence", "influence.parquet"),
    log:
        log("influence", "influence"),
    benchmark:
        timing("influence", "influence")
    conda:
        "../../envs/training.yaml"
    threads: CONFIG.influence.threads
    resources:
        gpu=int(CONFIG.influence.device == "cuda"),
    params:
        flags=flags_of(CONFIG.influence),
        code=digest("influence", networks=True),
    shell:
        "python -m sau influence --models {input.models:q} --validation {input.validation:q}"
        " --train-images {input.train_images:q} --images {input.images:q} --output {output:q}"
        " {params.flags} 2>&1 | logged {log:q}"


INFLUENCE = rules.influence.output
