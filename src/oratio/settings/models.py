"""The language model that writes and answers, and what it costs."""

from pydantic import Field

from oratio.settings.section import SettingsSection


class ModelSettings(SettingsSection):
    """The language model that writes and answers, and what it costs."""

    model: str = Field(
        "builtin",
        description="What writes and answers: `builtin`, or a Strands provider such as `bedrock/<model id>`, "
        "`anthropic/<model>`, `openai/<model>`, `ollama/<model>`, `llamacpp/<address>`.",
    )
    model_prices: str = Field(
        "",
        pattern=r"^$|^([^=,\s]+=\d+(\.\d+)?:\d+(\.\d+)?,)*[^=,\s]+=\d+(\.\d+)?:\d+(\.\d+)?$",
        description="Dollars a million tokens in and out, for cost estimates: `bedrock/<model id>=3:15,...`.",
    )
    builtin_answer_threshold: float | None = Field(
        None, ge=0, le=1, description="Evidence `builtin` wants before it answers; unset: the measured default."
    )
