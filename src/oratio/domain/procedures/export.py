"""JSON schema of the flow, as it is published in `docs/schemas/flow-2.json`."""

import json

from oratio.domain.procedures.flow import FLOW_SCHEMA, Flow

SCHEMA_FILE = f"docs/schemas/flow-{FLOW_SCHEMA}.json"


def flow_schema() -> str:
    """Return the JSON schema of `Flow` as the text of its file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Flow.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
