"""Command line: `sau run`, or `sau STAGE --flags`: each stage on its own, and some tools."""

import logging
import sys

import sau
from sau.core.errors import (
    EXIT_STOPPED_EARLY,
    EXIT_USER_ERROR,
    StoppedEarlyError,
    UserError,
)
from sau.core.printable import PrintableFormatter, printable
from sau.pipeline.registry import STAGES, Stage
from sau.run.command import run
from sau.settings.flags import arguments_of, build_parser
from sau.settings.names import unknown_key
from sau.tools import TOOLS, Tool


def main(arguments: list[str] | None = None) -> int:
    """Run the pipeline, one stage or one tool from the command line.

    Returns: the exit code; 0 if all is well, 2 on bad input, 75 where the stage stopped early, by
        a signal or a time limit, and can go on; the latter two are said in one line.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help"):
        print(usage())
        return 0 if words else EXIT_USER_ERROR
    if words[0] == "--version":
        print(f"sau {sau.__version__}")
        return 0
    command, rest = split_command(words)
    # Libraries speak when something is wrong; the stages themselves say what they do.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrintableFormatter(f"sau {command}: %(levelname)s: %(message)s"))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("sau").setLevel(logging.INFO)
    try:
        if command == "run":
            run(rest)
            return 0
        commands: dict[str, Stage | Tool] = {**STAGES, **TOOLS}
        if command not in commands:
            asked = " ".join(word for word in words[:2] if not word.startswith("-"))
            raise UserError(unknown_key(asked, asked, ["run", *commands], "command"))
        stage = commands[command].load()
        stage(**arguments_of(stage, build_parser(command, stage).parse_args(rest)))
    except UserError as error:
        print(f"sau {command}: error: {printable(str(error))}", file=sys.stderr)
        return EXIT_USER_ERROR
    except StoppedEarlyError as stopped:
        print(f"sau {command}: {printable(str(stopped))}", file=sys.stderr)
        return EXIT_STOPPED_EARLY
    return 0


def split_command(words: list[str]) -> tuple[str, list[str]]:
    """Split a command line into a stage's name, or a tool's, which may be two words, and flags."""
    count = 2 if " ".join(words[:2]) in TOOLS else 1
    return " ".join(words[:count]), words[count:]


def usage() -> str:
    """Return the list of stages, in the order of the data flow, and of tools."""
    lines = [f"  {stage.name:<12}{stage.summary}" for stage in STAGES.values()]
    tools = [f"  {tool.name:<15}{tool.summary}" for tool in TOOLS.values()]
    return "\n".join(
        [
            "usage: sau run [--config FILE.yaml] [Snakemake's flags]",
            "       sau STAGE [--flags]",
            "",
            "Long-tailed image recognition with generated images. `sau run` is the whole pipeline,",
            "in the current folder. Stages, in their order:",
            *lines,
            "",
            "Tools, for models and to look at what they draw:",
            *tools,
            "",
            "`sau STAGE --help` lists a stage's files and settings; `sau run` runs the same.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
