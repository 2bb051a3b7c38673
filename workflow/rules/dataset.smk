# torchvision checks CIFAR's files itself, and may put them there while the rule runs. Of ImageNet and
# iNaturalist only the split files and the names are watched: to look at a million images would take
# minutes whenever the workflow starts. After a change of images there, force this rule.
NO_LOOK_INTO = ("cifar10", "cifar100", "imagenet-lt", "inaturalist2018")
REAL_IMAGES = [
    "" if CONFIG.dataset.source in NO_LOOK_INTO else CONFIG.dataset.folder,
    CONFIG.dataset.train_file,
    CONFIG.dataset.test_file,
    CONFIG.dataset.class_names_file,
]


# A table may hold paths in place of images: these files are read too.
REAL_TABLES = (
    dict.fromkeys(
        [CONFIG.dataset.train_file, CONFIG.dataset.test_file, CONFIG.dataset.folder],
        CONFIG.dataset.image_column,
    )
    if CONFIG.dataset.source in ("parquet", "hub-folder")
    else {}
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
        flags=flags_of(CONFIG.dataset),
        code=digest("dataset"),
        source=fingerprint_of(REAL_IMAGES, REAL_TABLES),
    shell:
        "python -m sau dataset --train {output.train:q} --test {output.test:q} {params.flags} 2>&1 | logged {log:q}"
