"""Build hook of the wheel: single files of the checkout that an installation needs."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "prefect.yaml": "oratio/shells/prefect.yaml",
    "deployments/aws/template.yaml": "oratio/cli/aws/template.yaml",
}


class InstalledFiles(BuildHookInterface[Any]):
    """Files put next to the modules that read them; an editable install reads the checkout's own."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to a wheel that is no editable one."""
        if version == "standard":
            build_data["force_include"].update(FILES)
