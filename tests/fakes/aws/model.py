"""Routes and checks requests and answers of one service by botocore's model of it."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import OperationModel

from tests.fakes.aws.agentcore.eventstream import frame
from tests.fakes.aws.shapes import problems

_SESSION = botocore.session.get_session()


class AwsError(Exception):
    """An error of the service, by its name in the model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BrokenFake(Exception):
    """The fake's own answer breaks the model."""


@dataclass(slots=True)
class ServiceAnswer:
    """What goes back: one body, or pieces."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""


class ServiceModel:
    """One service: `match` a request, `parse` it, `answer` it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model = _SESSION.get_service_model(name)
        self._routes = sorted(
            (_Route(self.model.operation_model(operation)) for operation in self.model.operation_names),
            key=lambda route: route.weight,
            reverse=True,
        )

    def match(self, method: str, path: str) -> tuple[OperationModel, dict[str, str]] | None:
        for route in self._routes:
            if route.method == method and (found := route.pattern.fullmatch(path)):
                return route.operation, {key: unquote(value) for key, value in found.groupdict().items()}
        return None

    def parse(
        self, operation: OperationModel, uri: Mapping[str, str], query: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        """The request's parameters.

        Raises:
            AwsError: They break the model.
        """
        shape = operation.input_shape
        if shape is None:
            return {}
        asked = parse_qs(query, keep_blank_values=True)
        params: dict[str, Any] = {}
        payload = shape.serialization.get("payload")
        inside: dict[str, Any] = {}
        if body and not payload:
            try:
                inside = json.loads(body)
            except ValueError:
                raise AwsError("ValidationException", "the body is not JSON") from None
        for name, member in shape.members.items():
            place, wire = member.serialization.get("location"), member.serialization.get("name", name)
            value: Any = None
            if place == "uri":
                value = uri.get(_group(wire))
            elif place == "querystring":
                value = asked.get(wire, [None])[0]
            elif place == "header":
                value = headers.get(wire.lower())
            elif name == payload:
                value = body if member.type_name == "blob" else json.loads(body or b"{}")
            elif place is None:
                value = inside.pop(wire, None)
            if value is not None:
                params[name] = _typed(value, member)
        if inside:
            raise AwsError("ValidationException", f"unknown members: {', '.join(sorted(inside))}")
        if wrong := problems(params, shape):
            raise AwsError("ValidationException", "; ".join(wrong))
        return params

    def answer(self, operation: OperationModel, result: Mapping[str, Any]) -> ServiceAnswer:
        """The answer on the wire, after it was held against the model."""
        shape = operation.output_shape
        status = operation.http.get("responseCode", 200)
        if shape is None:
            return ServiceAnswer(status)
        streams = {name: result[name] for name in result if _is_stream(shape.members[name])}
        plain = {name: value for name, value in result.items() if name not in streams}
        missing_streams: dict[str, Any] = {name: {} for name in shape.required_members if name in streams}
        if wrong := problems({**plain, **missing_streams}, shape):
            raise BrokenFake(f"{self.name} {operation.name}: {'; '.join(wrong)}")
        headers: dict[str, str] = {}
        body: dict[str, Any] = {}
        for name, value in plain.items():
            place = shape.members[name].serialization.get("location")
            if place == "header":
                headers[shape.members[name].serialization["name"]] = str(value)
            elif place == "statusCode":
                status = int(value)
            else:
                body[shape.members[name].serialization.get("name", name)] = value
        if streams:
            ((name, stream),) = streams.items()
            if shape.members[name].serialization.get("eventstream"):
                headers["Content-Type"] = "application/vnd.amazon.eventstream"
                return ServiceAnswer(status, headers, self._frames(shape.members[name], stream))
            return ServiceAnswer(status, headers, stream)
        headers.setdefault("Content-Type", "application/json")
        return ServiceAnswer(status, headers, json.dumps(body, default=_plain).encode())

    def _frames(self, union: Any, events: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        for event in events:
            ((name, value),) = event.items()
            if wrong := problems(value, union.members[name]):
                raise BrokenFake(f"{self.name} event {name}: {'; '.join(wrong)}")
            yield frame(name, json.dumps(value, default=_plain).encode())

    def error(self, operation: OperationModel | None, error: AwsError) -> ServiceAnswer:
        shapes = {shape.name: shape for shape in (operation.error_shapes if operation else ())}
        known = shapes.get(error.code)
        status = known.metadata.get("error", {}).get("httpStatusCode", 400) if known else _STATUS.get(error.code, 400)
        headers = {"Content-Type": "application/json", "x-amzn-errortype": error.code}
        return ServiceAnswer(status, headers, json.dumps({"message": error.message}).encode())


_STATUS = {
    "ThrottlingException": 429,
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "UnrecognizedClientException": 403,
    "ServiceQuotaExceededException": 402,
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
    "InternalServerException": 500,
    "InternalFailure": 500,
    "RuntimeClientError": 424,
}


class _Route:
    def __init__(self, operation: OperationModel) -> None:
        self.operation = operation
        self.method = operation.http["method"]
        path = operation.http["requestUri"].partition("?")[0]
        pattern = re.sub(
            r"\\\{(\w+)(\\\+)?\\\}",
            lambda found: f"(?P<{_group(found[1])}>{'.+' if found[2] else '[^/]+'})",
            re.escape(path).replace("\\-", "-"),
        )
        self.pattern = re.compile(pattern)
        # Literal characters first, so that a fixed path wins over one with a name in its place.
        self.weight = len(re.sub(r"\{[^}]*\}", "", path))


def _group(name: str) -> str:
    return name.replace("-", "_")


def _typed(value: Any, shape: Any) -> Any:
    match shape.type_name:
        case "integer" | "long" if isinstance(value, str):
            return int(value) if value.lstrip("-").isdigit() else value
        case "boolean" if isinstance(value, str):
            return value == "true"
        case "blob" if isinstance(value, str):
            return base64.b64decode(value)
        case "structure" if isinstance(value, dict) and not getattr(shape, "is_document_type", False):
            return {
                key: _typed(entry, shape.members[key]) if key in shape.members else entry
                for key, entry in value.items()
            }
        case "list" if isinstance(value, list):
            return [_typed(entry, shape.member) for entry in value]
    return value


def _is_stream(shape: Any) -> bool:
    return bool(shape.serialization.get("streaming") or shape.serialization.get("eventstream"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)
