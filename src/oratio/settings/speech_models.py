"""The speech model of calls."""

from typing import Literal

from pydantic import Field

from oratio.settings.section import SettingsSection


class SpeechModelSettings(SettingsSection):
    """The speech model of calls."""

    speech: str = Field(
        "local",
        description="Speech model of calls: `local`, `nova-sonic`, `openai/<model>`, `gemini/<model>` or `none`.",
    )
    speech_model: str = Field("amazon.nova-2-sonic-v1:0", min_length=1, description="Model id of `nova-sonic`.")
    speech_region: str | None = Field(None, description="AWS region of `nova-sonic`; unset: the one of everything.")
    speech_voice: str | None = Field(None, description="Voice of a speech-to-speech model; unset: its usual one.")
    speech_endpointing: Literal["HIGH", "MEDIUM", "LOW"] = Field(
        "MEDIUM", description="How soon `nova-sonic` takes a pause for the end of a turn; HIGH is soonest."
    )
    speech_renew_seconds: float = Field(
        420, ge=1, le=470, description="Age at which a `nova-sonic` connection is renewed; Bedrock ends it at 480."
    )
    voice_name: str = Field("af_heart", description="Voice of `local`: af_heart, am_michael; flite-slt (fast).")
    speech_warm: bool = Field(False, description="Load the speech models at start, and keep them, for the first call.")
    speech_idle_seconds: float = Field(300, ge=0, description="Speech models unused this long are let go.")
