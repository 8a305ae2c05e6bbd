"""The base of every value that crosses a boundary, and the ids they share."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Value(BaseModel):
    """Frozen, closed, camelCase on the wire and in the stores, snake_case in Python."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class VersionRef(Value):
    """Names one version of one agent of one tenant."""

    user_id: str
    agent_id: str
    version: int

    def __str__(self) -> str:
        return f"{self.agent_id}#{self.version:06d}"
