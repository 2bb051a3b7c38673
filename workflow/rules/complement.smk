# It alone joins real images with generated ones: a row on real images waits for neither.
rule complement:
    input:
        real=rules.subset.output.real,
        kept=rules.filter.output,
    output:
        results("complement", f"{SUBSET}/synthetic.parquet"),
    log:
        log("complement", SUBSET),
    benchmark:
        timing("complement", SUBSET)
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags_of(CONFIG.complement),
        code=digest("complement"),
        made_by=CONFIG.made_by(),
        weights=fingerprint_of([CONFIG.complement.judge, *CONFIG.complement.need]),
    shell:
        "python -m sau complement --real {input.real:q} --kept {input.kept:q} --output {output:q}"
        " --made-by {params.made_by} {params.flags} 2>&1 | logged {log:q}"
