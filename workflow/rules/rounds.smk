# Only where rounds.over_generation is set: the first round draws for what the tail lacks, each later
# one for what the filter left short. A round that has nothing to draw makes empty shards.
rule rounds:
    input:
        real=longest_tails,
        kept=kept_before,
    output:
        results("rounds", "round-{round}.parquet"),
    log:
        log("rounds", "round-{round}"),
    benchmark:
        timing("rounds", "round-{round}")
    conda:
        "../../envs/pipeline.yaml"
    params:
        flags=flags_of(CONFIG.rounds),
        code=digest("rounds"),
        kept=optional("kept"),
        need=CONFIG.complement.need,
        weights=fingerprint_of(CONFIG.complement.need),
    shell:
        "python -m sau rounds --real {input.real:q} {params.kept} --need {params.need:q} --output {output:q} {params.flags} 2>&1 | logged {log:q}"


use rule filter as filter_round with:
    input:
        scores=scores_until,
        test_scores=rules.filter.input.test_scores,
        train_images=[],
        validation=[],
    output:
        results("filter", "round-{round}.parquet"),
    log:
        log("filter", "round-{round}"),
    benchmark:
        timing("filter", "round-{round}")
    params:
        # A class that is empty for now stops nothing.
        flags=flags_of(CONFIG.filter.replace(on_empty_class="warn")),
        warnings=other_flags_of(CONFIG.filter),
        code=digest("filter"),
        train_images=optional("train_images"),
        validation=optional("validation"),


ROUND_NUMBERS = range(
    CONFIG.rounds.most if CONFIG.rounds.over_generation is not None else 0
)
ROUNDS = [
    *every(rules.rounds.output, round=ROUND_NUMBERS),
    *every(rules.filter_round.output, round=ROUND_NUMBERS[:-1]),
]
