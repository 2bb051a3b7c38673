# What the rules ask of a run: its settings, what it needs, its training set and its files.


def training_settings(wildcards):
    """Return the settings of one row of the table at an imbalance factor."""
    return CONFIG.training.settings_of(wildcards.run, wildcards.imbalance_factor)


def pretrained_fingerprint(wildcards):
    """Return a digest of the weights from outside that a row starts from."""
    settings = CONFIG.training.runs[wildcards.run]
    return pretrained_fingerprints[settings.pretrained, settings.start_from]


pretrained_fingerprints = {
    (row.pretrained, row.start_from): fingerprint([row.pretrained, row.start_from])
    for row in CONFIG.training.runs.values()
}


def check_before_jobs():
    """Refuse what the first jobs would not notice, and the last ones would; say what none would."""
    due = {job.rule.name for job in workflow.dag.needrun_jobs()}
    if due & {"dataset", "prompts", "images", "complement"}:
        check_enough(CONFIG)
    if "training" in due:
        check_backbones(CONFIG)
    if not CONFIG.experiment.replace_runs:
        refuse_replacing(runs_to_train())
    for told in warnings_of_foreign_tables(due):
        logger.warning(told)


def warnings_of_foreign_tables(due):
    """Return what is to be said of tables that are there and no job of the rules `due` makes again."""
    told = []
    if KEPT and "filter" not in due:
        kept = Path(results("filter", "kept.parquet"))
        told += [warning_of_other_settings(kept, CONFIG.filter, "filter")]
    if influence_file(None) and "influence" not in due:
        models = map(Path, every(rules.training.output.model, **OF_INFLUENCE_RUNS))
        told += [warning_of_other_networks(Path(influence_file(None)), models)]
    return filter(None, told)


def runs_to_train():
    """Return the predictions of the runs that this workflow trains, each with its settings."""
    jobs = workflow.dag.needrun_jobs()
    return {
        Path(job.output.predictions): training_settings(job.wildcards)
        for job in jobs
        if job.rule.name == "training"
    }


def training_threads(wildcards):
    """Return the CPU threads of a row's runs: those that compute, or those that decode if more."""
    settings = CONFIG.training.runs[wildcards.run]
    return max(settings.threads, settings.decode_workers) * settings.processes


def training_gpus(wildcards):
    """Return the GPUs of a row's runs: one for each process, or none."""
    settings = CONFIG.training.runs[wildcards.run]
    return settings.processes if settings.device == "cuda" else 0


def launcher(wildcards):
    """Return what starts `sau` for a row's runs: Python, or torchrun for several processes."""
    processes = CONFIG.training.runs[wildcards.run].processes
    if processes == 1:
        return "python -m"
    return f"torchrun --standalone --nproc-per-node {processes} -m"


def checkpoint_of(wildcards):
    """Return a run's checkpoint, a folder.

    It is no output: Snakemake removes the outputs of a killed job, and a checkpoint must outlive it.
    """
    return results("training", f"{RUN}/checkpoint").format(**wildcards)


def synthetic_images(wildcards):
    """Return the synthetic images that a run reads: none if it trains on real data alone."""
    wanted = CONFIG.training.runs[wildcards.run].needs_synthetic()
    return every(rules.images.output, shard=SHARDS) if wanted else []


def member_lists(rows):
    """Return the lists of training images that rows read: real ones, and synthetic ones if needed."""
    wanted = any(CONFIG.training.runs[row].needs_synthetic() for row in rows)
    return [rules.subset.output.real, *(rules.complement.output if wanted else [])]


def members_of(wildcards):
    """Return the members of a run's training set."""
    return every(
        member_lists([wildcards.run]),
        imbalance_factor=wildcards.imbalance_factor,
        data_seed=wildcards.data_seed,
    )


def influence_file(wildcards):
    """Return what says which synthetic images help, if a row's networks are asked."""
    asked = HAS_SYNTHETIC and CONFIG.influence.row
    return results("influence", "influence.parquet") if asked else []


def runs_of(paths):
    """Return an input function: the paths of every run of one imbalance factor, each path once."""
    return lambda wildcards: every(
        paths, imbalance_factor=wildcards.imbalance_factor, **EVERY_RUN
    )


def expected_runs(wildcards):
    """Return all runs that there should be, as JSON."""
    return expected_grid(CONFIG).to_json()


def metrics_so_far(wildcards):
    """Return the metrics that are there now, of all that there should be."""
    return [path for path in rules.overview.input.metrics if os.path.exists(path)]


def predictions_so_far(wildcards):
    """Return the predictions that are there now, of all that there should be."""
    return [path for path in rules.overview.input.predictions if os.path.exists(path)]
