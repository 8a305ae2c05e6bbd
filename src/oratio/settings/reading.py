"""The only reader of the environment and of `oratio.toml`."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError, TomlConfigSettingsSource

from oratio.errors import FieldProblem, InvalidInput
from oratio.settings.tree import FIELDS, SECTION_OF, FlatSettings, Settings, variable


def load(**overrides: Any) -> Settings:
    """Return the settings of this process.

    Args:
        overrides: By a setting's name; None leaves it to the variables and the file.

    Raises:
        InvalidInput: Names each setting that is wrong and how.
    """
    try:
        flat = FlatSettings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = [FieldProblem(tuple(map(str, entry["loc"])), _problem(entry)) for entry in error.errors()]
        what = "; ".join(f"{'.'.join(problem.loc)}: {problem.msg}" for problem in problems)
        raise InvalidInput(f"settings are wrong ({what})", problems, hint="see `oratio settings`") from None
    except SettingsError as error:
        raise InvalidInput(f"settings are wrong ({error})", hint="a list of settings is written as JSON") from None
    except (OSError, ValueError) as error:
        raise InvalidInput(f"oratio.toml cannot be read ({error})", hint="fix or remove the file") from None
    return Settings.of(flat).changed(data=flat.data.expanduser().absolute())


def _problem(entry: ErrorDetails) -> str:
    """Say what is wrong with a setting; a pattern alone does not say what to write."""
    if entry["type"] != "string_pattern_mismatch":
        return entry["msg"]
    return f"{entry['msg']}: {FIELDS[str(entry['loc'][0])].description}"


class SettingRow(NamedTuple):
    """One setting as `oratio settings` prints it; `value` hides a secret."""

    section: str
    name: str
    value: str
    source: str
    description: str


def sources(settings: Settings) -> list[SettingRow]:
    """Return each setting, by section, with its value and where that came from."""
    from_file = TomlConfigSettingsSource(FlatSettings)()
    rows = []
    for name, field in FIELDS.items():
        origin = variable(name) if variable(name) in os.environ else "oratio.toml" if name in from_file else "default"
        section = SECTION_OF[name] or "oratio"
        rows.append(SettingRow(section, variable(name), str(settings.value(name)), origin, field.description or ""))
    return rows


def defaults() -> Settings:
    """Return the settings of a machine on which nothing is set."""
    return Settings.of(FlatSettings.model_construct())


def unknown_variables() -> list[str]:
    """Return the `ORATIO_*` variables that name no setting, most likely typing errors; for `oratio doctor`."""
    known = {variable(name) for name in FIELDS}
    return sorted(name for name in os.environ if name.startswith("ORATIO_") and name not in known)


def provider_environment() -> Mapping[str, str]:
    """Return the environment for the providers' own variables, such as `OPENAI_API_KEY`; no setting has them."""
    return os.environ
