"""The voice server and its calls."""

from pydantic import Field

from oratio.settings.section import SettingsSection


class VoiceSettings(SettingsSection):
    """The voice server and its calls."""

    voice_processes: int | None = Field(
        None, ge=1, le=64, description="Voice processes that share the port; unset: 1 on `local`, one a core on `aws`."
    )
    voice_internal_host: str = Field(
        "127.0.0.1",
        description="Where the other voice processes reach this one; `auto`: this host's own address in its network.",
    )
    voice_max_calls: int = Field(200, ge=1, description="Calls one voice process takes at a time.")
    voice_calls_per_key: int = Field(20, ge=1, description="Calls one API key may have at a time.")
    voice_idle_seconds: float = Field(60, gt=0, description="A call in which nothing is said this long is ended.")
    voice_call_seconds: float = Field(1_800, gt=0, description="Longest call.")
    voice_resume_seconds: float = Field(60, ge=0, description="How long a dropped caller may come back.")
    voice_drain_seconds: float = Field(15, ge=0, description="How long calls may go on when the voice server stops.")
    voice_handoff_seconds: float = Field(20, gt=0, description="How long a caller waits for an operator.")
    voice_holding_seconds: float = Field(2.5, gt=0, description="Silence before the holding line is said.")
    voice_holding_line: str = Field(
        "One moment please, I am looking that up.", max_length=200, description="Said when an answer takes long."
    )
    voice_tool_seconds: float = Field(
        20, gt=0, description="How long a speech-to-speech model waits for the agent's answer."
    )
    voice_silence_seconds: float = Field(0.7, ge=0.2, le=3, description="Silence that ends a caller's turn.")
    voice_fast_path: bool = Field(
        True, description="Hand audio on without the WebSocket library's parser; off, each frame goes through it."
    )
    voice_record: bool = Field(True, description="Keep a two-channel WAV of every call.")
