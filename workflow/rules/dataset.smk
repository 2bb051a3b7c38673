# torchvision checks CIFAR's files itself, and may put them there while the rule runs.
REAL_IMAGES = (
    [CONFIG.dataset.folder, CONFIG.dataset.train_file, CONFIG.dataset.test_file]
    if CONFIG.dataset.source not in ("cifar10", "cifar100")
    else []
)


rule dataset:
    output:
        train=results("dataset", "train.parquet"),
        test=results("dataset", "test.parquet"),
    log:
        log("dataset", "dataset"),
    benchmark:
        timing("dataset", "dataset")
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags(CONFIG.dataset),
        code=digest("dataset"),
        source=fingerprint_of(REAL_IMAGES),
    shell:
        "python -m sau dataset --train {output.train:q} --test {output.test:q} {params.flags} 2>&1 | tee {log:q}"
