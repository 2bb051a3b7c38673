"""Command line: `sau STAGE --flags`, each stage on its own, with no Snakemake."""

import logging
import sys

import sau
from sau.errors import UserError
from sau.flags import arguments_of, build_parser
from sau.settings import unknown_key
from sau.stages import STAGES

EXIT_USER_ERROR = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one stage from the command line.

    Returns: the exit code; 0 if all is well, 2 on bad input, which is said in one line.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help"):
        print(usage())
        return 0 if words else EXIT_USER_ERROR
    if words[0] == "--version":
        print(f"sau {sau.__version__}")
        return 0
    command, *rest = words
    # Libraries speak when something is wrong; the stages themselves say what they do.
    logging.basicConfig(stream=sys.stderr, format=f"sau {command}: %(levelname)s: %(message)s")
    logging.getLogger("sau").setLevel(logging.INFO)
    try:
        if command not in STAGES:
            raise UserError(unknown_key(command, command, STAGES, "stage"))
        stage = STAGES[command].load()
        stage(**arguments_of(stage, build_parser(command, stage).parse_args(rest)))
    except UserError as error:
        print(f"sau {command}: error: {error}", file=sys.stderr)
        return EXIT_USER_ERROR
    return 0


def usage() -> str:
    """Return the list of stages, in the order of the data flow."""
    lines = [f"  {stage.name:<12}{stage.summary}" for stage in STAGES.values()]
    return "\n".join(
        [
            "usage: sau STAGE [--flags]",
            "",
            "Long-tailed image recognition with generated images. Stages, in their order:",
            *lines,
            "",
            "`sau STAGE --help` lists a stage's files and settings; the whole pipeline is",
            "`snakemake --cores 2`, which runs these same commands.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
