"""Keys that stand twice in a config file, of which YAML silently keeps the last."""

from pathlib import Path

import yaml

from sau.core.errors import UserError


def refuse_repeated_keys(file: Path) -> None:
    """Refuse a file with a key that stands twice in one mapping, at any depth.

    Args:
        file: YAML or JSON that loads.

    Raises:
        UserError: the first such key, with both lines.
    """
    with file.open(encoding="utf-8") as opened:
        root = yaml.compose(opened, Loader=yaml.SafeLoader)
    if root is not None:
        _check(root, str(file), [])


def _check(node: yaml.Node, file: str, above: list[str]) -> None:
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            _check(part, file, above)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if isinstance(key, yaml.ScalarNode) and key.value in lines:
            name = ".".join([*above, key.value])
            raise UserError(
                f"{file}: {name} stands in line {lines[key.value]} and in line {line}, and only "
                "one could count; rename one or drop it"
            )
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        lines[name] = line
        _check(value, file, [*above, name])
