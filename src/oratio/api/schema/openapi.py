"""OpenAPI document: FastAPI's, with the security and the one error body it cannot see."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from oratio.api.context import MEANINGS
from oratio.errors import FieldProblem
from oratio.protocol.problems import MEDIA_TYPE, Problem, problem_body

_OPERATOR: list[dict[str, list[str]]] = [{"operatorToken": []}]
_EITHER: list[dict[str, list[str]]] = [{"operatorToken": []}, {"apiKey": []}, {"apiKeyHeader": []}]
_SCHEMES = {
    "operatorToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Names the tenant."},
    "apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "orat_...", "description": "An agent's API key."},
    "apiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_OPEN = frozenset({"/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", "/api/system"})
_KEYED = ("/invocations", "/voice-tickets")


def describe(app: FastAPI) -> None:
    """Make `/openapi.json` describe the whole contract; built at the first request."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's own way to replace it


def _document(app: FastAPI) -> dict[str, Any]:
    from oratio.api.schema import examples  # compiles an SOP: only where the document is asked for

    found = get_openapi(title=app.title, version=app.version, routes=app.routes)
    components = found.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["examples"] = {f"Problem{status}": {"value": _problem(status)} for status in examples.PROBLEMS}
    for path, calls in found["paths"].items():
        for call in calls.values():
            _without_defaults(call["responses"])
            _exemplify(path, call)
            if path not in _OPEN:
                call["security"] = _EITHER if path.endswith(_KEYED) else _OPERATOR
    return found


def _without_defaults(responses: dict[str, Any]) -> None:
    """Remove FastAPI's default, a 200 of JSON, from a route that declares another answer."""
    declared = {status for status in responses if "200" < status < "300"}
    if declared:
        responses.pop("200", None)
    for answer in responses.values():
        content = answer.get("content", {})
        if len(content) > 1 and not content.get("application/json", {}).get("schema", True):
            del content["application/json"]


def _exemplify(path: str, call: dict[str, Any]) -> None:
    """Add an example to every body of a call but the recording's bytes."""
    from oratio.api.schema import examples

    for body in [call.get("requestBody", {}), *call["responses"].values()]:
        for kind, media in body.get("content", {}).items():
            example = examples.OTHERS.get((path, kind)) or examples.BODIES.get(_name(media.get("schema", {})))
            if example is not None:
                media["example"] = example
    for status, answer in call["responses"].items():
        if MEDIA_TYPE in answer.get("content", {}):
            # A copy: the routes share theirs.
            shown = {"refusal": {"$ref": f"#/components/examples/Problem{status}"}}
            answer["content"] = {MEDIA_TYPE: {**answer["content"][MEDIA_TYPE], "examples": shown}}


def _name(schema: dict[str, Any]) -> str:
    """Return the component that a schema refers to, also where null is allowed too."""
    references = [part["$ref"] for part in (schema, *schema.get("anyOf", ())) if "$ref" in part]
    return references[0].rpartition("/")[2] if references else ""


def _problem(status: str) -> dict[str, object]:
    from oratio.api.schema import examples

    code = examples.PROBLEMS[status]
    problems = [FieldProblem(("sop",), "is required")] if code == "invalid_input" else []
    detail = "sop is required" if problems else MEANINGS[int(status)]
    return problem_body(int(status), code, detail, problems)
