"""From the words after `sau run` to a command line of Snakemake."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sau.core.errors import UserError
from sau.run.files import example_configs, find, workflow_folder
from sau.run.plugin import LOGGER, environment_with_plugin
from sau.settings.names import did_you_mean
from sau.settings.paths import check_current_folder

USAGE = """usage: sau run [--config FILE.yaml] [--cores N] [Snakemake's flags and targets]

Run the whole pipeline in the current folder, on all cores, by the default config; results go to
the folder that the config names.

  --config FILE.yaml   another config file: of this folder, or one that is shipped (below)
  --config KEY=VALUE   change single keys, as 'experiment={seeds: [0]}'; FILE.yaml may stand before
  --cores N            how many CPU cores to use; all of them by default
  --replace            let runs be replaced that were trained with other settings
  --profile FOLDER     flags from a file: of this folder, or shipped: profiles/slurm
  -n                   plan the jobs, run none
  --verbose            show Snakemake's own words, in place of a line for each stage

All other flags are Snakemake's: `snakemake --help` lists them.
"""
CONFIG_FLAGS = ("--config", "-C")
FILE_FLAGS = ("--configfile", "--configfiles")
PROFILE_FLAGS = ("--profile", "--workflow-profile")
REPLACE_FLAG, REPLACE = "--replace", "experiment={replace_runs: true}"
"""A flag of `sau run`, and what it changes in the config."""

WHERE_FLAGS = ("--snakefile", "-s")
HOW_MANY_FLAGS = ("--cores", "-c", "--jobs", "-j", *PROFILE_FLAGS, "--executor", "-e")
"""Flags that say how much runs at once, or where, so that `--cores all` would be in their way."""
OWN_WORDS_FLAGS = (
    "--verbose",
    "--quiet",
    "-q",
    "--logger",
    "--debug-dag",
    "--printshellcmds",
    "-p",
)
"""Flags that say what Snakemake itself says."""


def run(words: Sequence[str]) -> None:
    """Become Snakemake: its signals and its exit code are those of `sau run`.

    A logger shows a line for each stage, unless a flag asks for Snakemake's own words.

    Args:
        words: what stands after `sau run`.

    Raises:
        UserError: Snakemake is not installed, or a file that is named does not exist or cannot be
            read.
    """
    if "-h" in words or "--help" in words:
        names = "\n".join(f"  {name}" for name in example_configs(workflow_folder()))
        print(f"{USAGE}\nShipped config files:\n{names}")
        return
    try:
        check_current_folder()
    except ValueError as error:
        raise UserError(str(error)) from error
    if importlib.util.find_spec("snakemake") is None:
        raise UserError("Snakemake is not installed: pip install 'sau-longtail[pipeline]'")
    rest = snakemake_words(words, workflow_folder())
    _refuse_unreadable_configs(rest)
    lines = [] if says_itself(rest) else ["--logger", LOGGER]
    command = [sys.executable, "-m", "snakemake", *lines, *rest]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment_with_plugin(os.environ))


def says_itself(words: Sequence[str]) -> bool:
    """Return whether a flag asks for Snakemake's own words, in place of a line for each stage."""
    return any(word.partition("=")[0] in OWN_WORDS_FLAGS for word in words)


def snakemake_words(words: Sequence[str], shipped: Path) -> list[str]:
    """Return the words for Snakemake.

    Args:
        words: what stands after `sau run`.
        shipped: the folder of the Snakefile and of the configs and profiles that can be named.

    Raises:
        UserError: a file that is named does not exist, or another Snakefile is named.
    """
    files: list[str] = []
    changes: list[str] = []
    rest: list[str] = []
    for flag, values in _flags_with_values(words):
        if flag in WHERE_FLAGS:
            raise UserError(f"{flag}: `sau run` has its own Snakefile; run another by `snakemake`")
        if flag in (*CONFIG_FLAGS, *FILE_FLAGS):
            for value in values:
                is_change = flag in CONFIG_FLAGS and "=" in value
                (changes if is_change else files).append(value)
        elif flag == REPLACE_FLAG:
            changes.append(REPLACE)
            rest += values
        elif flag in PROFILE_FLAGS:
            rest += [flag, *(os.fspath(find(value, shipped) or value) for value in values)]
        else:
            rest += [flag, *values] if flag else values
    start = ["--configfile", *(config_file(name, shipped) for name in files)] if files else []
    start += ["--config", *changes] if changes else []
    start += [] if _says_how_many(rest) else ["--cores", "all"]
    # Last a flag with one value: one that takes several would take the targets too.
    return [*start, "--snakefile", os.fspath(shipped / "Snakefile"), *rest]


def _refuse_unreadable_configs(words: Sequence[str]) -> None:
    from sau.config import read_config_file  # brings all sections in

    for name in values_of(FILE_FLAGS, words):
        read_config_file(Path(name))


def values_of(flags: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return what stands after one of `flags`, each time that one is there."""
    return [v for flag, values in _flags_with_values(words) if flag in flags for v in values]


def _flags_with_values(words: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Split words into flags and what follows each up to the next one; first what has no flag."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for word in words:
        name, is_joined, value = word.partition("=")
        if is_joined and name in (*CONFIG_FLAGS, *FILE_FLAGS, *PROFILE_FLAGS, *WHERE_FLAGS):
            found.append((name, [value]))
        elif word.startswith("-"):
            found.append((word, []))
        else:
            found[-1][1].append(word)
    return found


def config_file(name: str, shipped: Path) -> str:
    """Return the path of a config file of the current folder, or else of the shipped ones.

    Args:
        name: as it stands after `--config`.
        shipped: the folder that `workflow_folder` returns.

    Raises:
        UserError: there is neither; with the nearest name that there is.
    """
    path = find(name, shipped)
    if path is not None and path.is_file():
        return os.fspath(path)
    known = example_configs(shipped)
    hint = did_you_mean(name, known) or f"shipped are {', '.join(known)}"
    raise UserError(f"--config {name}: no file of that name, and not KEY=VALUE; {hint}")


def _says_how_many(words: Sequence[str]) -> bool:
    """Return whether one of the flags is there, or its value is joined on: `-c4`, `--jobs=4`."""
    return "SNAKEMAKE_PROFILE" in os.environ or any(
        word == flag or word.startswith(f"{flag}=" if flag.startswith("--") else flag)
        for word in words
        for flag in HOW_MANY_FLAGS
    )
