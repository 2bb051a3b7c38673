"""A config file, read without Snakemake."""

from pathlib import Path
from typing import Any

import yaml

from sau.config.json_values import json_values
from sau.config.nodes import check_nodes
from sau.config.text import config_text
from sau.core.errors import UserError


def read_config_file(path: Path) -> dict[str, Any]:
    """Return what a config file says, not yet checked against the schema.

    Args:
        path: YAML or JSON in UTF-8, a mapping of sections.

    Raises:
        UserError: no such file, something else than that, or what `check_nodes` refuses.
    """
    text = config_text(path)
    values = json_values(text, str(path))
    if values is None:
        values = _yaml_values(text, path)
    if not isinstance(values, dict):
        raise UserError(
            f"{path}: expected names with what belongs to each, as config.yaml has its sections"
        )
    return values


def _yaml_values(text: str, path: Path) -> Any:
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is not None:
            check_nodes(root, str(path))
        return loader.construct_document(root) if root is not None else None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not a config file in YAML ({_reason(error)})") from error
    except RecursionError as error:
        raise UserError(f"{path}: nested too deeply; a config has sections with keys") from error
    finally:
        loader.dispose()


def _reason(error: yaml.YAMLError) -> str:
    """Return what PyYAML found and where, without the lines that it quotes."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    if problem is None or mark is None:
        return " ".join(str(error).split())
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
