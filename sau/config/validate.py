"""From the mapping that a config file holds to typed sections."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import jsonschema
import yaml

from sau.config.config import SECTIONS, Config, TrainingGrid
from sau.config.learned import check_learned
from sau.config.schema import json_schema
from sau.config.sizes import check_drawn_sizes, check_sizes
from sau.config.without_images import check_source
from sau.core.errors import UserError
from sau.pipeline.images.named_paths import imported_from, own_files
from sau.pipeline.report.paper import counterpart
from sau.pipeline.subset.settings import AS_IS
from sau.settings.declare import described
from sau.settings.names import unknown_key
from sau.storage.regular import leads_to_file, leads_to_folder


def load(values: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> Config:
    """Check a configuration and return its typed sections.

    Args:
        values: what the config file holds, merged with `--config`.
        schema: the schema to check against; the one made from the sections if None.

    Raises:
        UserError: the first problem, in one line: key, value and what was expected.
    """
    schema = schema or json_schema()
    _refuse_odd_keys(values)
    values = _options_from_text(from_text(values, schema), schema)
    validator = jsonschema.Draft202012Validator(schema)
    problems = sorted(
        # What one key says of others is left to the sections, which name both in one sentence.
        (error for error in validator.iter_errors(values) if "allOf" not in error.schema_path),
        key=lambda e: (e.validator != "additionalProperties", [str(part) for part in e.path]),
    )
    if problems:
        raise UserError(_explain(problems[0]))
    sections: dict[str, Any] = {
        name: section.from_mapping(values.get(name) or {})
        for name, section in SECTIONS.items()
        if name != "training"
    }
    config = Config(training=TrainingGrid.from_mapping(dict(values["training"])), **sections)
    _check_together(config)
    return config


def check_sources(config: Config) -> None:
    """Check that the folders and files which the configuration names are there, and draw one size.

    Raises:
        UserError: one that is not, or does not. CIFAR that may be downloaded need not be there yet.
    """
    dataset, images = config.dataset, config.images
    wanted = {
        "dataset.folder": "" if dataset.download else dataset.folder,
        "dataset.train_file": dataset.train_file,
        "dataset.test_file": dataset.test_file,
        "dataset.class_names_file": dataset.class_names_file,
        **imported_from(images),
        **own_files(images),
        "filter.influence": config.filter.influence,
    }
    rows = config.training.runs.items()
    wanted |= {f"training.runs.{name}.pretrained": row.weights_path() for name, row in rows}
    wanted |= {f"training.runs.{name}.start_from": row.start_from for name, row in rows}
    networks = {
        "scores.classifiers": config.scores.classifiers,
        "complement.need": config.complement.need,
    }
    for key, folders in networks.items():
        wanted |= {f"{key}.{place}": folder for place, folder in enumerate(folders)}
    for key, name in wanted.items():
        path = Path(name)
        if name and not (leads_to_file(path) or leads_to_folder(path)):
            raise UserError(f"config: {key}: {name} does not exist; fix it, or put it there")
    if Path(config.experiment.results).is_file():
        raise UserError(f"config: experiment.results: {config.experiment.results} is a file")
    check_drawn_sizes(config)


def from_text(value: Any, schema: Mapping[str, Any]) -> Any:
    """Turn text into the number, switch or null that the schema expects in its place.

    Snakemake hands over every value inside `--config 'section={key: value}'` as text.
    """
    if isinstance(value, Mapping):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others if isinstance(others, Mapping) else {}
        return {key: from_text(item, known.get(key, others)) for key, item in value.items()}
    if isinstance(value, list):
        return [from_text(item, schema.get("items", {})) for item in value]
    if value is False and "off" in schema.get("enum", ()):
        return "off"  # YAML 1.1 takes the bare word for a switch
    kinds = {part.get("type") for part in [schema, *schema.get("anyOf", [])]}
    if not isinstance(value, str) or not kinds & {"integer", "number", "boolean", "null", "object"}:
        return value
    try:
        parsed = yaml.safe_load(value)
        if "number" in kinds and isinstance(parsed, str):
            parsed = float(value)  # YAML takes 1e-2, which has no point, for a word
    except (ValueError, yaml.YAMLError):
        return value
    if parsed is None and "null" in kinds:
        return None
    # Words such as as-is stay what they are.
    return value if "string" in kinds and not isinstance(parsed, int | float) else parsed


def _options_from_text(values: Any, schema: Mapping[str, Any]) -> Any:
    """Do the same with the options of each row, whose method says what they are."""
    training = values.get("training")
    if not isinstance(training, dict) or not isinstance(training.get("runs"), dict):
        return values
    method = training.get(
        "method", schema["properties"]["training"]["properties"]["method"]["default"]
    )
    for row in training["runs"].values():
        if isinstance(row, dict) and isinstance(row.get("options"), dict):
            known = schema["$defs"].get(f"options of {row.get('method', method)}", {})
            row["options"] = from_text(row["options"], known)
    return values


def _refuse_odd_keys(values: Mapping[Any, Any], path: str = "") -> None:
    for key, value in values.items():
        if not isinstance(key, str):
            raise UserError(f"config: {path}{key!r}: a key must be text; put it in quotes")
        if isinstance(value, Mapping):
            _refuse_odd_keys(value, f"{path}{key}.")


def _explain(error: jsonschema.ValidationError) -> str:
    path = ".".join(str(part) for part in error.absolute_path)
    schema = cast("Mapping[str, Any]", error.schema)
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        key = next(key for key in cast("Mapping[str, Any]", error.instance) if key not in known)
        return f"config: {unknown_key(f'{path}.{key}'.lstrip('.'), key, known)}"
    if error.validator == "required":
        return f"config: {path or 'top level'}: {error.message}"
    wanted = described(schema) if "description" in schema else ""
    if schema.get("secret"):
        return f"config: {path}: must be text ({wanted})"
    leaf = jsonschema.exceptions.best_match([error]) or error
    return f"config: {path}: {leaf.message}" + (f" ({wanted})" if wanted else "")


def _check_together(config: Config) -> None:
    """Check what concerns several sections."""
    _check_rows(config)
    check_source(config)
    check_learned(config)
    if config.scores.scorer == "none":
        _check_without_scorer(config)
    _check_classifiers(config)
    _check_influence(config)
    if config.rounds.over_generation is not None:
        if config.filter.influence:
            raise UserError(
                f"config: filter.influence: {config.filter.influence}, but "
                f"rounds.over_generation is {config.rounds.over_generation:g}, and of images that "
                "are yet to be drawn nobody knows how much they help; leave one of them out"
            )
        for key, name in imported_from(config.images).items():
            raise UserError(
                f"config: rounds.over_generation: {config.rounds.over_generation:g}, but {key}: "
                f"{name} are imported images, which no round draws; leave one of them out"
            )
    check_sizes(config)
    _check_baseline(config)
    _check_counterparts(config)
    names = config.experiment.factor_names()
    if config.subset.largest_class is not None and AS_IS in names:
        raise UserError(
            f"config: subset.largest_class: {config.subset.largest_class}, but {AS_IS} among the "
            "imbalance factors leaves every class as large as it is; leave one of them out"
        )


def _check_without_scorer(config: Config) -> None:
    """Refuse what needs scores, where there are none."""
    wanted = {f"filter.{key}": off for key, off in config.filter.needing_scorer().items()}
    if config.complement.order == "best":
        wanted["complement.order"] = "random"
    if config.filter.leak != "off" and config.filter.leak_hash_distance is None:
        wanted["filter.leak"] = "off, or filter.leak_hash_distance to 4"
    for name in config.row_names():
        option, without = config.training.score_option(name)
        wanted |= {f"training.runs.{name}.{option}": without} if option else {}
    if wanted:
        path, off = next(iter(wanted.items()))
        raise UserError(
            f"config: {path}: needs scores, but scores.scorer is none, so nothing can be ranked or "
            f"compared with its text; set it to {off}, or choose a scorer"
        )


def _check_classifiers(config: Config) -> None:
    """Refuse rules that go by classifiers where there are none."""
    for rule in config.filter.needing_classifiers() if not config.scores.classifiers else ():
        raise UserError(
            f"config: filter.{rule}: {getattr(config.filter, rule):g}, but scores.classifiers "
            "names no network whose word it could go by; name one, or set it to null"
        )


def _check_influence(config: Config) -> None:
    """Check that what helps is another run's finding, and that this one has who could say it.

    That is a row's networks, and validation images.
    """
    own = (Path(config.experiment.results) / "influence").resolve()
    if config.filter.influence and Path(config.filter.influence).resolve().is_relative_to(own):
        raise UserError(
            f"config: filter.influence: {config.filter.influence} is of this run itself, whose "
            "networks are trained on what the filter keeps; name that of another run, with "
            "experiment.results of its own"
        )
    row = config.influence.row
    if not row:
        return
    if row not in config.row_names():
        raise UserError(
            unknown_key(f"config: influence.row: {row!r}", row, config.row_names(), "row")
        )
    if not config.subset.validation_fraction:
        raise UserError(
            f"config: influence.row: {row!r}, but subset.validation_fraction is 0, so there are no "
            "images by whose loss others could be judged; set it, such as 0.2"
        )


def _check_rows(config: Config) -> None:
    known = config.training.runs
    for name in config.experiment.rows:
        if name not in known:
            path = f"config: experiment.rows: {name!r}"
            raise UserError(unknown_key(path, name, known, "row"))


def _check_baseline(config: Config) -> None:
    """Check that the row that others are compared with is one of the experiment's."""
    baseline, rows = config.report.baseline, config.row_names()
    if baseline and baseline not in rows:
        path = f"config: report.baseline: {baseline!r}"
        raise UserError(unknown_key(path, baseline, rows, "row"))


def _check_counterparts(config: Config) -> None:
    """Check that each row's method in the paper stands in the named table."""
    figures = config.report.paper_figures()
    for name, method in config.training.papers.items():
        path, row = f"config: training.runs.{name}.paper", config.training.runs[name]
        if not figures:
            raise UserError(
                f"{path}: {method!r}, but no table is named; set report.paper_table and "
                "report.paper_dataset, or leave it out"
            )
        try:
            counterpart(figures, method, row.data, row.backbone)
        except UserError as error:
            raise UserError(f"{path}: {error} ({config.report.paper_name()})") from error
