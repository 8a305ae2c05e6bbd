"""The OpenAPI document: FastAPI's, with the security and the one error body it cannot see."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from oratio.api.problems import Problem

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
    """Make `/openapi.json` tell the whole contract; built when first asked for."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's own way to replace it


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, routes=app.routes)
    components = found.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, calls in found["paths"].items():
        for call in calls.values():
            if path not in _OPEN:
                call["security"] = _EITHER if path.endswith(_KEYED) else _OPERATOR
    return found
