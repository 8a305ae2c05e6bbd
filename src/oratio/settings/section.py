"""The base of all sections of the settings."""

from pydantic import BaseModel, ConfigDict


class SettingsSection(BaseModel):
    """One subject's settings; a field is named as its `ORATIO_*` variable, so a search for either finds both."""

    model_config = ConfigDict(frozen=True, extra="forbid")
