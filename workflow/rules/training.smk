rule training:
    input:
        members=rules.subset.output,
        train_images=rules.dataset.output.train,
        test_images=rules.dataset.output.test,
        synthetic_images=synthetic_images,
    output:
        predictions=results("training", f"{RUN}/predictions.parquet"),
        history=results("training", f"{RUN}/history.parquet"),
        label_correction=results("training", f"{RUN}/label_correction.parquet"),
        model=directory(results("training", f"{RUN}/model")),
    log:
        log("training", RUN),
    benchmark:
        timing("training", RUN)
    conda:
        "../../envs/training.yaml"
    threads: lambda wildcards: CONFIG.training.runs[wildcards.run].threads
    params:
        flags=training_flags,
        label=lambda wildcards: CONFIG.training.labels[wildcards.run],
        code=digest("training"),
        checkpoint=checkpoint_of,
    shell:
        "python -m sau training --members {input.members} --train-images {input.train_images}"
        " --test-images {input.test_images} --synthetic-images {input.synthetic_images}"
        " --predictions {output.predictions} --history {output.history}"
        " --label-correction {output.label_correction} --model {output.model}"
        " --checkpoint {params.checkpoint} --run {wildcards.run} --label {params.label:q}"
        " --seed {wildcards.seed} {params.flags} 2>&1 | tee {log}"
