rule gallery:
    input:
        train_images=rules.dataset.output.train,
        kept=KEPT,
        images=IMAGES,
        scores=SCORES,
        influence=influence_file,
    output:
        report(
            results("gallery", "index.html"),
            caption="../report/gallery.rst",
            category="Images",
        ),
    log:
        log("gallery", "gallery"),
    benchmark:
        timing("gallery", "gallery")
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags_of(CONFIG.gallery),
        code=digest("gallery"),
        kept=optional("kept"),
        influence=optional("influence"),
    shell:
        "python -m sau gallery --train-images {input.train_images:q} {params.kept} {params.influence}"
        " --images {input.images:q} --scores {input.scores:q} --html {output:q} {params.flags} 2>&1 | logged {log:q}"


GALLERY = rules.gallery.output
