"""Agents at work: their processes, turns, conversations and rehearsals."""

from pydantic import Field

from oratio.settings.section import SettingsSection


class AgentSettings(SettingsSection):
    """Agents at work: their processes, turns, conversations and rehearsals."""

    agent_idle_seconds: int = Field(900, ge=1, description="An agent process unused this long is stopped.")
    turn_deadline_seconds: float = Field(30, gt=0, description="How long one answer may take in all.")
    conversation_idle_seconds: int = Field(
        1_800, ge=1, description="A conversation in writing to which nothing was added this long has ended."
    )
    conversation_retention_days: int | None = Field(
        None, ge=1, description="Conversations are deleted this many days after their last word; unset: kept."
    )
    rehearsal_required: bool = Field(True, description="Refuse to activate a version whose rehearsal failed.")
    allow_unsandboxed: str = Field(
        "", description="`i-understand` runs agents where this machine offers no sandbox; never on a shared machine."
    )
