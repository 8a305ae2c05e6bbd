"""Addresses that the services listen on, are reached at, and that the command line calls."""

from pydantic import Field, SecretStr

from oratio.settings.section import SettingsSection


class ServerSettings(SettingsSection):
    """Addresses that the services listen on and are reached at."""

    host: str = Field("127.0.0.1", description="Address the API, voice server and console listen on.")
    port_base: int = Field(8400, ge=1024, le=65500, description="API port; five follow (docs/operations.md).")
    public_url: str | None = Field(None, description="Public base address of the API, when behind a proxy.")
    public_voice_url: str | None = Field(None, description="Public base address of the voice server (wss://...).")
    console_url: str | None = Field(
        None, pattern=r"^https?://[^\s@]+$", description="Address people open the console at; unset: its own port."
    )


class ClientSettings(SettingsSection):
    """Where the command line finds a remote API."""

    api_token: SecretStr | None = Field(None, description="Operator token the CLI sends to a remote API (`--token`).")
    api_url: str | None = Field(None, description="Remote API the CLI talks to (`--api`); unset: the one in `data`.")
