rule training:
    input:
        members=members_of,
        validation=rules.subset.output.validation,
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
    threads: training_threads
    resources:
        gpu=training_gpus,
    params:
        launcher=launcher,
        flags=flags_of(training_settings),
        execution=other_flags_of(training_settings),
        code=digest("training"),
        weights=pretrained_fingerprint,
        checkpoint=checkpoint_of,
    shell:
        "{params.launcher} sau training --members {input.members:q} --validation {input.validation:q}"
        " --train-images {input.train_images:q}"
        " --test-images {input.test_images:q} --synthetic-images {input.synthetic_images:q}"
        " --predictions {output.predictions:q} --history {output.history:q}"
        " --label-correction {output.label_correction:q} --model {output.model:q}"
        " --checkpoint {params.checkpoint:q} --run {wildcards.run}"
        " --seed {wildcards.seed} {params.flags} {params.execution} 2>&1 | logged {log:q}"


EVERY_TRAINING_SET = every(
    [*member_lists(CONFIG.row_names()), rules.subset.output.validation],
    imbalance_factor=FACTORS,
    data_seed=CONFIG.experiment.data_seeds,
)
EVERY_RUN_TRAINED = every(
    [
        rules.training.output.predictions,
        rules.training.output.history,
        rules.training.output.label_correction,
    ],
    imbalance_factor=FACTORS,
    **EVERY_RUN,
)


# A dry run comes to no `onstart`, and nothing of it knows yet which jobs there will be.
if workflow.output_settings.dryrun and not CONFIG.experiment.replace_runs:
    told = warning_of_replacing(
        {
            Path(path): CONFIG.training.settings_of(row, factor)
            for row in CONFIG.row_names()
            for factor in FACTORS
            for path in every(
                rules.training.output.predictions,
                imbalance_factor=factor,
                **{**EVERY_RUN, "run": row},
            )
        }
    )
    if told:
        print(f"sau: note: {told}", file=sys.stderr)
