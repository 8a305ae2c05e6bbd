"""Limits of what a tenant, a key or an address may send."""

from pydantic import Field

from oratio.settings.section import SettingsSection


class LimitSettings(SettingsSection):
    """Limits of what a tenant, a key or an address may send."""

    max_files: int = Field(1_000, ge=1, description="Files an agent may have.")
    max_total_bytes: int = Field(500_000_000, ge=1, description="Bytes of all files of an agent.")
    max_file_bytes: int = Field(50_000_000, ge=1, description="Bytes of one file.")
    max_sop_chars: int = Field(100_000, ge=1, description="Characters of an SOP.")
    max_description_chars: int = Field(2_000, ge=1, description="Characters of one description.")
    calls_per_minute_key: int = Field(1_200, ge=1, description="HTTP calls a minute one API key may make.")
    calls_per_minute_tenant: int = Field(12_000, ge=1, description="HTTP calls a minute one tenant may make in all.")
    failed_auth_per_minute: int = Field(
        100, ge=1, description="Invalid tokens and keys, a minute and address; more are answered with 429."
    )
    webhook_allow_private: bool = Field(
        False, description="Let webhooks go to private addresses and plain http; never where tenants are strangers."
    )
    turns_per_key: int = Field(20, ge=1, description="Text turns one API key may have answered at a time.")
    turns_per_tenant: int = Field(100, ge=1, description="Text turns one tenant may have answered at a time.")
