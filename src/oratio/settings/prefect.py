"""Prefect and the flow workers."""

from pydantic import Field, SecretStr

from oratio.settings.section import SettingsSection


class PrefectSettings(SettingsSection):
    """Prefect and the flow workers."""

    prefect_api_url: str | None = Field(None, description="Prefect server to use; unset: the embedded one.")
    prefect_auth: SecretStr | None = Field(None, description="What a shared Prefect server asks of its clients.")
    work_pool: str = Field("oratio-local", description="Prefect work pool flows run on.")
    worker_name: str | None = Field(None, description="This flow worker on a shared Prefect; unset: host and process.")
    tenant_flow_limit: int | None = Field(
        None,
        ge=1,
        description="Flow runs one tenant may have at a time, by a work queue each; unset: no limit.",
    )
    model_flow_limit: int | None = Field(
        None, ge=1, description="Agents written by the model at a time over all workers; unset: no limit."
    )
    flow_limit: int = Field(4, ge=1, le=1000, description="Flow runs at a time in the work pool, over all its workers.")
    lease_seconds: int = Field(
        60, ge=5, description="How long a silent run keeps its version before another may take it."
    )
