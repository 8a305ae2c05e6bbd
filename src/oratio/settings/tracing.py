"""Logs and traces."""

from typing import Literal

from pydantic import Field, SecretStr

from oratio.settings.section import SettingsSection


class TracingSettings(SettingsSection):
    """Logs and traces."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    log_format: Literal["line", "json"] = Field("line", description="A log record as a line for people, or as JSON.")
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^\s@]+$",
        description="OTLP/HTTP collector that gets traces, `http://host:4318`; unset: none.",
    )
    otlp_headers: SecretStr | None = Field(None, description="Headers the collector wants, `name=value,name=value`.")
    trace_ratio: float = Field(1.0, ge=0, le=1, description="Share of traces that is kept.")
