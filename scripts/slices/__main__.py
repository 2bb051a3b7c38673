"""Train a grid in slices of minutes: pack, run, status, collect.

    python -m scripts.slices pack configs/cifake.yaml --output build/pack --imbalance-factors 100
    python -m scripts.slices run build/pack --output build/slices --seconds 540
    python -m scripts.slices status build/pack build/slices
    python -m scripts.slices collect build/slices configs/cifake.yaml

See docs/slices.md.
"""

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

START = time.monotonic()  # before anything that takes long to import

from sau.core.errors import EXIT_USER_ERROR, UserError  # noqa: E402
from sau.settings.flags import Parser  # noqa: E402
from scripts.slices.jobs import PACK_MB, read_jobs  # noqa: E402
from scripts.slices.state import status_table  # noqa: E402

if TYPE_CHECKING:
    from sau.config import Config


def main(words: list[str] | None = None, start: float = START) -> int:
    """Run one of the commands.

    Args:
        words: of the command line; those of the process if None.
        start: when the slice began, by `time.monotonic()`.

    Returns the exit code: 0 if all is well, 2 on bad input, 75 if there is more to train.
    """
    parsed = build_parser().parse_args(words)
    logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("slices").setLevel(logging.INFO)
    try:
        if parsed.command == "pack":
            return pack_command(parsed)
        if parsed.command == "run":
            return run_command(parsed, start)
        if parsed.command == "status":
            return status_command(parsed)
        return collect_command(parsed)
    except UserError as error:
        print(f"slices: error: {error}", file=sys.stderr)
        return EXIT_USER_ERROR


def pack_command(parsed: argparse.Namespace) -> int:
    """Make the early stages and pack what training reads of them."""
    # Here and in `collect_command`: what only the machine with Snakemake has.
    from sau.config import check_sources
    from sau.storage.folders import check_place
    from scripts.slices.early import make_early_stages
    from scripts.slices.grid import chosen_runs
    from scripts.slices.pack import pack

    config = read_config(parsed.config)
    check_sources(config)
    check_place(parsed.output)  # the early stages may take hours
    runs = chosen_runs(config, parsed.rows, parsed.imbalance_factors, parsed.also)
    make_early_stages(config, parsed.config, runs, parsed.cores)
    jobs = pack(config, parsed.output, runs, parsed.limit_mb)
    sizes = [path.stat().st_size / 1e6 for path in parsed.output.iterdir()]
    print(f"{parsed.output}: {len(jobs)} runs, {len(sizes)} files, {sum(sizes):.1f} MB")
    return 0


def run_command(parsed: argparse.Namespace, start: float) -> int:
    """Train for a slice."""
    from scripts.slices.run import Slice, run

    time_slice = Slice(start + parsed.seconds, parsed.reserve)
    models = not parsed.without_models
    return run(parsed.pack, parsed.output, time_slice, parsed.only, models=models)


def status_command(parsed: argparse.Namespace) -> int:
    """Print how far each run is."""
    print(status_table(read_jobs(parsed.folders[0]), parsed.folders))
    return 0


def collect_command(parsed: argparse.Namespace) -> int:
    """Hand finished runs over to Snakemake."""
    from scripts.slices.collect import collect

    jobs = collect(parsed.output, read_config(parsed.config))
    print("\n".join(job.name for job in jobs) or "no run is finished yet")
    return 0


def read_config(file: Path) -> "Config":
    """Read a config file."""
    from sau.config import load, read_config_file

    return load(read_config_file(file))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m scripts.slices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    pack = commands.add_parser("pack", help="put what the runs read into one folder")
    pack.add_argument("config", type=Path, help="config file")
    pack.add_argument("--output", type=Path, required=True, help="folder to write")
    pack.add_argument("--rows", nargs="+", default=[], help="keys of training.runs, in order")
    pack.add_argument("--imbalance-factors", nargs="+", default=[], help="of the config, in order")
    pack.add_argument("--also", nargs="+", default=[], help="such as sau-drop/imbalance-100, last")
    pack.add_argument(
        "--limit-mb", type=float, default=PACK_MB, help="largest size, in 1,000,000 bytes"
    )
    pack.add_argument("--cores", type=int, default=2, help="for Snakemake")
    run = commands.add_parser("run", help="train for a slice of time")
    run.add_argument("pack", type=Path, help="folder that pack made")
    run.add_argument("--output", type=Path, required=True, help="folder of checkpoints and outputs")
    run.add_argument("--seconds", type=float, required=True, help="when all must be written")
    run.add_argument("--reserve", type=float, default=30, help="seconds kept for writing")
    run.add_argument("--only", nargs="+", default=[], help="such as sau/imbalance-100")
    run.add_argument("--without-models", action="store_true", help="keep no weights when finished")
    status = commands.add_parser("status", help="print how far each run is")
    status.add_argument("folders", type=Path, nargs="+", help="the pack, then folders of runs")
    collect = commands.add_parser("collect", help="hand finished runs over to Snakemake")
    collect.add_argument("output", type=Path, help="folder that run has filled")
    collect.add_argument("config", type=Path, help="config file that the pack was made from")
    return parser


if __name__ == "__main__":
    sys.exit(main())
