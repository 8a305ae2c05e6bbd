"""Every setting of Oratio in one tree of sections; the only reader of the environment.

A value comes from, first that is present: the command line, an `ORATIO_*` variable, `oratio.toml` in the working
folder, the default in its section's module.
"""

from oratio.settings.identity import FurtherIssuer
from oratio.settings.processes import QUIET, SECRETS, Process, child_environment, quiet
from oratio.settings.reading import SettingRow, defaults, load, provider_environment, sources, unknown_variables
from oratio.settings.tree import FIELDS, PORT_OFFSETS, SECTION_OF, SECTIONS, Settings, variable

__all__ = [
    "FIELDS",
    "PORT_OFFSETS",
    "QUIET",
    "SECRETS",
    "SECTIONS",
    "SECTION_OF",
    "FurtherIssuer",
    "Process",
    "SettingRow",
    "Settings",
    "child_environment",
    "defaults",
    "load",
    "provider_environment",
    "quiet",
    "sources",
    "unknown_variables",
    "variable",
]
