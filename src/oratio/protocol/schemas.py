"""JSON schemas of the protocols, as published in `docs/schemas/`.

`python -m oratio.protocol.schemas FOLDER` writes them; a test holds the files against the code.
"""

import json
import sys
from pathlib import Path

from oratio.protocol.messages import Json, MessageReader
from oratio.protocol.operator import OPERATOR_MESSAGES, OPERATOR_SERVER_MESSAGES
from oratio.protocol.turn import TURN_EVENTS
from oratio.protocol.voice import CLIENT_MESSAGES
from oratio.protocol.voice_events import SERVER_MESSAGES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, Json]:
    """Return each published schema by its file name."""
    return {
        "voice-1.json": _both("oratio.v1", CLIENT_MESSAGES, SERVER_MESSAGES),
        "operator-1.json": _both("oratio.operator.v1", OPERATOR_MESSAGES, OPERATOR_SERVER_MESSAGES),
        "turn-1.json": {"$schema": _DIALECT, "title": "Events of an agent's turn", **TURN_EVENTS.json_schema()},
    }


def _both(title: str, client: MessageReader, server: MessageReader) -> Json:  # type: ignore[type-arg]  # of any union
    """Return a schema with what either end sends under `$defs/client` and `$defs/server`."""
    return {
        "$schema": _DIALECT,
        "title": title,
        "anyOf": [{"$ref": "#/$defs/client"}, {"$ref": "#/$defs/server"}],
        "$defs": {
            "client": _nested(client.schema(sent=False), "client"),
            "server": _nested(server.schema(sent=True), "server"),
        },
    }


def _nested(schema: Json, place: str) -> Json:
    """Return a schema that is right at `#/$defs/<place>` of another."""
    moved: Json = json.loads(json.dumps(schema).replace('"#/$defs/', f'"#/$defs/{place}/$defs/'))
    return moved


def text_of(schema: Json) -> str:
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (Path(sys.argv[1]) / name).write_text(text_of(schema), encoding="utf-8")
