"""Command line: `sau run`, or `sau STAGE --flags`: each stage on its own, and some tools."""

import logging
import signal
import sys
from contextlib import suppress

import sau
from sau.core.errors import EXIT_USER_ERROR, StoppedEarlyError, UserError
from sau.core.printable import PrintableFormatter, printable
from sau.core.signals import Interruption, raised
from sau.pipeline.registry import STAGES, Stage
from sau.tools import TOOLS, Tool


def main(arguments: list[str] | None = None) -> int:
    """Run the pipeline, one stage or one tool from the command line.

    Returns: the exit code; 0 if all is well, 2 on bad input, 75 where the stage stopped early, by
        a signal or a time limit, and can go on, 130 or 143 where Ctrl-C or SIGTERM ended it; all
        but the first are said in one line.
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
        with raised():
            _run(command, rest)
    except UserError as error:
        _say(f"sau {command}: error: {error}")
        return EXIT_USER_ERROR
    except StoppedEarlyError as stopped:
        _say(f"sau {command}: {stopped}")
        return stopped.exit_code
    except KeyboardInterrupt as signalled:
        ctrl_c = Interruption(signal.SIGINT)  # a library may have raised its own
        interruption = signalled if isinstance(signalled, Interruption) else ctrl_c
        _say(f"sau {command}: {interruption}")
        return interruption.exit_code
    return 0


def _run(command: str, words: list[str]) -> None:
    # Imported here, as Ctrl-C may come while these take their time.
    from sau.core.no_input import without_input
    from sau.device.kept_memory import keep_freed_memory
    from sau.run.command import run
    from sau.run.parent import end_with_parents
    from sau.settings.flags import build_parser, call
    from sau.settings.names import unknown_key

    if command == "run":
        run(words)
        return
    end_with_parents()
    commands: dict[str, Stage | Tool] = {**STAGES, **TOOLS}
    if command not in commands:
        asked = " ".join(word for word in [command, *words[:1]] if not word.startswith("-"))
        raise UserError(unknown_key(asked, asked, ["run", *commands], "command"))
    if command in STAGES and STAGES[command].has_large_tensors:
        keep_freed_memory()
    stage = commands[command].load()
    flags = build_parser(command, stage).parse_args(words)
    with without_input():  # none reads it, and libraries shall not ask there
        call(stage, flags)


def _say(line: str) -> None:
    from sau.core.progress import end_bars

    end_bars()
    with suppress(BrokenPipeError):  # whoever read it may be gone, as after Ctrl-C
        print(printable(line), file=sys.stderr, flush=True)


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
