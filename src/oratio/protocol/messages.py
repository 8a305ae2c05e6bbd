"""The base of every message on a WebSocket, and how one is read and written."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticSerializationError, from_json

type Json = dict[str, Any]

_NOT_AN_OBJECT: Final = "a text frame must be one JSON object in valid Unicode"
_NO_SUCH_TYPE: Final = frozenset({"union_tag_invalid", "union_tag_not_found"})


class BadMessage(Exception):
    """A frame that is not a message of the protocol; its text names the field, never the content."""


class WireMessage(BaseModel):
    """One message: camelCase on the wire; fields that a newer peer added are ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def wire(self) -> Json:
        """Return the message as the JSON object that is sent."""
        return self.model_dump(mode="json")


def is_none(value: object) -> bool:
    """Return True for a value that is left out of a message (`exclude_if`)."""
    return value is None


class MessageReader[M: WireMessage]:
    """Reads one union of messages, distinguished by `type`.

    Args:
        union: The union's members joined by `|`, each with `type: Literal[...]`.
        name: The protocol's, for errors.
    """

    def __init__(self, union: Any, name: str) -> None:
        self._name = name
        self._adapter: TypeAdapter[M] = TypeAdapter(Annotated[union, Field(discriminator="type")])

    def read(self, frame: str) -> M:
        """Return the message in a text frame.

        Raises:
            BadMessage: Not JSON, not an object, of no known type, or with a wrong field.
        """
        try:
            # Not `json.loads`: that lets lone surrogates, NaN and Infinity in, which could not be sent on.
            value = from_json(frame, allow_inf_nan=False)
        except (ValueError, TypeError, RecursionError):
            raise BadMessage(_NOT_AN_OBJECT) from None
        return self.of(value)

    def of(self, value: object) -> M:
        """Return the message that a decoded JSON object is; raises `BadMessage` as `read` does."""
        if not isinstance(value, Mapping):
            raise BadMessage(_NOT_AN_OBJECT)
        try:
            return self._adapter.validate_python(value)
        except RecursionError:
            raise BadMessage("the message nests too deep") from None
        except ValidationError as error:
            raise BadMessage(self._fault(error)) from None

    def _fault(self, error: ValidationError) -> str:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] in _NO_SUCH_TYPE:
            return f"`type` names no message of {self._name}"
        kind, *where = map(str, first["loc"])
        return f"{kind}: the field `{'.'.join(where)}` is missing or wrong"

    def schema(self, *, sent: bool) -> Json:
        """Return the union's JSON schema, of messages that are sent or of those that are read."""
        return self._adapter.json_schema(mode="serialization" if sent else "validation")


def dumps(message: WireMessage) -> str:
    """Return a message as the text of a frame."""
    try:
        return message.model_dump_json()
    except PydanticSerializationError:
        # A lone surrogate, as a model may cut it out of an emoji: escaped, which every JSON reader takes.
        return json.dumps(message.model_dump(), separators=(",", ":"))
