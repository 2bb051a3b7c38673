"""A wheel holds the workflow's files, which stand at the top level here, inside the package."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ("Snakefile", "config.yaml", "configs", "envs", "profiles", "workflow")


class WorkflowFiles(BuildHookInterface):
    """Put the files where `sau.run.files` looks for them; an editable install finds them here."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to a wheel that is to be installed as a copy."""
        if version == "standard":
            build_data["force_include"] |= {name: f"sau/run/shipped/{name}" for name in FILES}
