"""The tree of all settings, and the flat form in which people write them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from oratio.settings.agents import AgentSettings
from oratio.settings.aws import AwsSettings
from oratio.settings.console import ConsoleSettings
from oratio.settings.identity import IdentitySettings
from oratio.settings.limits import LimitSettings
from oratio.settings.models import ModelSettings
from oratio.settings.prefect import PrefectSettings
from oratio.settings.section import SettingsSection
from oratio.settings.server import ClientSettings, ServerSettings
from oratio.settings.speech_models import SpeechModelSettings
from oratio.settings.storage import StorageSettings
from oratio.settings.tracing import TracingSettings
from oratio.settings.voice import VoiceSettings

PORT_OFFSETS: Mapping[str, int] = {"api": 0, "voice": 1, "console": 2, "agent-host": 3, "prefect": 4, "flows": 5}


class RootSettings(SettingsSection):
    """What every process needs."""

    platform: Literal["local", "aws"] = Field("local", description="Where everything lives: this machine, or AWS.")
    environment: str = Field("local", pattern=r"^[a-z0-9-]{1,32}$", description="Tag on every cloud resource.")
    data: Path = Field(Path(".oratio"), description="Folder for all data of the embedded platform.")


class FlatSettings(
    BaseSettings,
    RootSettings,
    ServerSettings,
    ModelSettings,
    SpeechModelSettings,
    TracingSettings,
    StorageSettings,
    AwsSettings,
    LimitSettings,
    ConsoleSettings,
    IdentitySettings,
    AgentSettings,
    VoiceSettings,
    PrefectSettings,
    ClientSettings,
):
    """All settings without sections, as variables and `oratio.toml` have them: checked here, then made the tree."""

    model_config = SettingsConfigDict(
        env_prefix="ORATIO_", toml_file="oratio.toml", extra="forbid", frozen=True, validate_default=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


class Settings(RootSettings):
    """Read once at the start of a process and handed down; nothing below reads the environment again."""

    server: ServerSettings
    models: ModelSettings
    speech_models: SpeechModelSettings
    tracing: TracingSettings
    storage: StorageSettings
    aws: AwsSettings
    limits: LimitSettings
    console: ConsoleSettings
    identity: IdentitySettings
    agents: AgentSettings
    voice: VoiceSettings
    prefect: PrefectSettings
    client: ClientSettings

    @classmethod
    def of(cls, flat: FlatSettings) -> "Settings":
        """Return the tree of settings that have been checked."""
        root: dict[str, Any] = {name: getattr(flat, name) for name in RootSettings.model_fields}
        for section, kind in SECTIONS.items():
            root[section] = kind.model_construct(**{name: getattr(flat, name) for name in kind.model_fields})
        return cls.model_construct(**root)

    def value(self, name: str) -> Any:
        """Return a setting by its variable's name, without `ORATIO_` and in small letters."""
        section = SECTION_OF[name]
        return getattr(getattr(self, section) if section else self, name)

    def changed(self, **values: object) -> Self:
        """Return these settings with others in the place of some; the values are not checked."""
        updates: dict[str, Any] = {name: value for name, value in values.items() if SECTION_OF[name] is None}
        for section in SECTIONS:
            own = {name: value for name, value in values.items() if SECTION_OF[name] == section}
            if own:
                updates[section] = getattr(self, section).model_copy(update=own)
        return self.model_copy(update=updates)

    def port(self, service: str) -> int:
        return self.server.port_base + PORT_OFFSETS[service]

    @property
    def api_base(self) -> str:
        return (self.server.public_url or self.local_url("api")).rstrip("/")

    @property
    def voice_base(self) -> str:
        return (self.server.public_voice_url or f"ws://{self.server.host}:{self.port('voice')}").rstrip("/")

    @property
    def prefect_url(self) -> str:
        """Base of Prefect's API, ending in `/api`."""
        return self.prefect.prefect_api_url or f"http://127.0.0.1:{self.port('prefect')}/api"

    @property
    def shares_prefect(self) -> bool:
        """True if other machines' workers may execute flow runs too."""
        return self.prefect.prefect_api_url is not None

    def local_url(self, service: str) -> str:
        host = self.server.host if service in ("api", "voice", "console") else "127.0.0.1"
        return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.port(service)}"  # noqa: S104 - compared


SECTIONS: Mapping[str, type[SettingsSection]] = {
    "server": ServerSettings,
    "models": ModelSettings,
    "speech_models": SpeechModelSettings,
    "tracing": TracingSettings,
    "storage": StorageSettings,
    "aws": AwsSettings,
    "limits": LimitSettings,
    "console": ConsoleSettings,
    "identity": IdentitySettings,
    "agents": AgentSettings,
    "voice": VoiceSettings,
    "prefect": PrefectSettings,
    "client": ClientSettings,
}
"""Each section's class, in the order that `oratio settings` prints."""

SECTION_OF: Mapping[str, str | None] = {
    **dict.fromkeys(RootSettings.model_fields),
    **{name: section for section, kind in SECTIONS.items() for name in kind.model_fields},
}
"""The section of each setting; None for those of every process."""

FIELDS: Mapping[str, FieldInfo] = {name: FlatSettings.model_fields[name] for name in SECTION_OF}
"""Each setting's default and description."""


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"ORATIO_{name.upper()}"
