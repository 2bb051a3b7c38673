"""All records of a folder as one page."""

from collections.abc import Sequence
from typing import Any

COLUMNS = (
    *("benchmark", "what", "slower", "seconds", "faster", "seconds"),
    *("ratio", "lowest", "highest", "machine"),
)


def page(records: Sequence[dict[str, Any]]) -> str:
    """Return the records, as their JSON files have them, in Markdown."""
    machines = list(dict.fromkeys(_machine(record) for record in records))
    places = [machines.index(_machine(record)) + 1 for record in records]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `python -m benchmarks.all`; [what is timed](../../../docs/benchmarks.md).",
            "A ratio is the median over rounds in which both were timed, one after the other.",
            "",
            "Machines:",
            "",
            *[f"{place}. {line}" for place, line in enumerate(machines, start=1)],
            "",
            f"| {' | '.join(COLUMNS)} |",
            "| - | - | - | -: | - | -: | -: | -: | -: | -: |",
            *[
                f"{row} {place} |"
                for record, place in zip(records, places, strict=True)
                for row in _rows(record)
            ],
            "",
            *[line for record in records for line in _details(record)],
        ]
    )


def _machine(record: dict[str, Any]) -> str:
    facts, versions = record["machine"], record["versions"]
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    gpu = f"{facts['gpu']}; " if facts["gpu"] else ""
    return (
        f"{gpu}{facts['cores']} cores of {facts['processor']} ({facts['instructions']}), "
        f"{facts['threads']} threads; {names}."
    )


def _rows(record: dict[str, Any]) -> list[str]:
    name = record["benchmark"]
    if name == "training_step":
        name += f", {record['settings']['reference']} reference"
    return [
        f"| {name} | {ratio['what']} | {ratio['slower']} | {ratio['slower_seconds']:.4g} "
        f"| {ratio['faster']} | {ratio['faster_seconds']:.4g} | {ratio['ratio']:.2f} "
        f"| {ratio['lowest']:.2f} | {ratio['highest']:.2f} |"
        for ratio in record["ratios"]
    ]


def _details(record: dict[str, Any]) -> list[str]:
    if record["benchmark"] == "share_of_peak":
        return _shares(record)
    if record["benchmark"] == "contrastive_loss":
        return _memory(record)
    if record["benchmark"] == "curation":
        return _processes(record)
    if record["benchmark"] == "generation":
        return _generation(record)
    return []


def _shares(record: dict[str, Any]) -> list[str]:
    facts, what = record["figures"], record["ratios"][0]["what"]
    work, rate = facts["flops"] / 1e9, facts["matrix_flops_per_second"] / 1e9
    summary = (
        f"{work:.0f} GFLOP at {rate:.0f} GFLOP/s need {facts['needed_seconds']:.3g} s; the epoch "
        f"takes {facts['epoch_seconds']:.3g} s: {100 * facts['share_reached']:.0f} % of that rate."
    )
    return _table_of_shares(what, summary, facts["share_by_kind"])


def _table_of_shares(what: str, summary: str, shares: dict[str, float]) -> list[str]:
    rows = sorted(shares.items(), key=lambda item: -item[1])
    if not rows:
        return [f"## The rate reached: {what}", "", summary, ""]
    return [
        f"## Where the time goes: {what}",
        "",
        summary,
        "",
        "| kind of work | share of the time, % |",
        "| - | -: |",
        *[f"| {kind} | {100 * share:.1f} |" for kind, share in rows],
        "",
    ]


def _generation(record: dict[str, Any]) -> list[str]:
    facts, what = record["figures"], record["ratios"][0]["what"]
    work, rate = facts["flops_of_image"] / 1e9, facts["matrix_flops_per_second"] / 1e9
    summary = (
        f"{work:.0f} GFLOP an image and {facts['images_per_second']:.4g} images per second are "
        f"{100 * facts['share_reached']:.0f} % of a matrix product's {rate:.0f} GFLOP/s."
    )
    return _table_of_shares(what, summary, facts["share_by_kind"])


def _memory(record: dict[str, Any]) -> list[str]:
    memory = record["figures"]["memory"]
    rows = {ratio["what"]: memory[ratio["what"]] for ratio in record["ratios"]}
    names = [name for name in next(iter(rows.values())) if not name.endswith("loss")]
    cells = {what: [f"{facts[name] / 2**20:.2f}" for name in names] for what, facts in rows.items()}
    return [
        "## Memory of the contrastive loss, MiB",
        "",
        f"| what | {' | '.join(names)} |",
        f"| - |{' -: |' * len(names)}",
        *[f"| {what} | {' | '.join(values)} |" for what, values in cells.items()],
        "",
    ]


def _processes(record: dict[str, Any]) -> list[str]:
    figures = record["figures"]
    rows = figures["stages"] | {"all": figures}
    return [
        f"## Curation as processes: {record['ratios'][0]['what']}",
        "",
        "| stage | seconds | on a core | peak of resident memory, MiB |",
        "| - | -: | -: | -: |",
        *[
            f"| {name} | {facts['seconds']:.4g} | {facts['cpu_seconds']:.4g} "
            f"| {facts['peak_bytes'] / 2**20:.0f} |"
            for name, facts in rows.items()
        ],
        "",
    ]
