"""AgentCore Runtime: runtimes, their versions and endpoints, and invocations of the unzipped package."""

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.aws.agentcore.processes import SESSION_HEADER, AgentProcesses
from tests.fakes.aws.model import AwsError
from tests.fakes.aws.state import ACCOUNT, REGION, CloudState, Slow, Tokens, new_id

MAX_RUNTIMES = 1_000
MAX_ENDPOINTS = 10
MAX_ZIP, MAX_UNZIPPED = 250_000_000, 750_000_000
_ARM64 = 183
_SHOWN = (
    "agentRuntimeArtifact",
    "roleArn",
    "networkConfiguration",
    "protocolConfiguration",
    "environmentVariables",
    "description",
    "authorizerConfiguration",
    "requestHeaderConfiguration",
)


@dataclass(slots=True)
class _Version(Slow):
    """One version: the whole request it was made of."""


@dataclass(slots=True)
class _Endpoint(Slow):
    live: str | None = None
    target: str | None = None

    def settle(self, now: float) -> str:
        if self.becomes == "READY" and now >= self.at:
            self.live, self.target = self.target, None
        return Slow.settle(self, now)


@dataclass(slots=True)
class _Runtime(Slow):
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[str, _Version] = field(default_factory=dict)
    endpoints: dict[str, _Endpoint] = field(default_factory=dict)

    @property
    def newest(self) -> str:
        return max(self.versions, key=int)


class RuntimeFake:
    """The operations of bedrock-agentcore-control and bedrock-agentcore by their names."""

    def __init__(self, world: CloudState, processes: AgentProcesses) -> None:
        self._world = world
        self.processes = processes
        self.runtimes: dict[str, _Runtime] = {}
        self._tokens = Tokens()

    def reset(self) -> None:
        """Nothing was ever made."""
        for runtime_id in list(self.runtimes):
            self.processes.stop(runtime_id)
        self.runtimes.clear()
        self._tokens = Tokens()

    # Runtimes

    def create_agent_runtime(self, params: dict[str, Any]) -> dict[str, Any]:
        known = self._tokens.known("CreateAgentRuntime", params)
        if known is not None and known in self.runtimes:
            return self._made(self.runtimes[known], "1", "CREATING")
        self._world.require_role(params["roleArn"], "CreateAgentRuntime")
        if any(runtime.value["agentRuntimeName"] == params["agentRuntimeName"] for runtime in self._living()):
            raise AwsError("ConflictException", f"a runtime is named {params['agentRuntimeName']} already")
        if len(self.runtimes) >= MAX_RUNTIMES:
            raise AwsError("ServiceQuotaExceededException", f"the account has {MAX_RUNTIMES} runtimes")
        runtime_id = f"{params['agentRuntimeName']}-{new_id()}"
        arn = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/{runtime_id}"
        value = {"agentRuntimeId": runtime_id, "agentRuntimeArn": arn, "agentRuntimeName": params["agentRuntimeName"]}
        runtime = _Runtime(value | {"createdAt": self._world.stamp()}, "CREATING", tags=dict(params.get("tags", {})))
        self.runtimes[runtime_id] = runtime
        runtime.endpoints["DEFAULT"] = _Endpoint({"createdAt": self._world.stamp()}, "READY", live="1")
        self._add_version(runtime, "1", params, "CreateAgentRuntime")
        self._tokens.keep("CreateAgentRuntime", params, runtime_id)
        return self._made(runtime, "1", "CREATING")

    def update_agent_runtime(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        known = self._tokens.known("UpdateAgentRuntime", params)
        if known is not None:
            return self._made(runtime, known, "UPDATING", updated=True)
        if runtime.status not in ("READY", "UPDATE_FAILED"):
            raise AwsError("ConflictException", f"the runtime is {runtime.status}")
        self._world.require_role(params["roleArn"], "UpdateAgentRuntime")
        version = str(int(runtime.newest) + 1)
        self._add_version(runtime, version, params, "UpdateAgentRuntime")
        self._tokens.keep("UpdateAgentRuntime", params, version)
        return self._made(runtime, version, "UPDATING", updated=True)

    def _add_version(self, runtime: _Runtime, number: str, params: Mapping[str, Any], operation: str) -> None:
        update = operation == "UpdateAgentRuntime"
        going, failed = ("UPDATING", "UPDATE_FAILED") if update else ("CREATING", "CREATE_FAILED")
        value = {key: params[key] for key in _SHOWN if key in params}
        value["lifecycleConfiguration"] = {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800} | params.get(
            "lifecycleConfiguration", {}
        )
        version = _Version(value | {"lastUpdatedAt": self._world.stamp()}, going)
        runtime.status = going
        runtime.versions[number] = version
        reason = self._unusable(runtime.value["agentRuntimeId"], number, params)
        if fault := self._world.faults.take("failed", operation):
            reason = fault.data["reason"]
        if self._world.faults.take("stuck", operation):
            return
        version.reasons = [reason] if reason else []
        done = self._world.now() + self._world.timings.create
        version.later(failed if reason else "READY", done)
        runtime.later(failed if reason else "READY", done)
        if not reason:
            default = runtime.endpoints["DEFAULT"]
            default.target = number
            default.status = "UPDATING"
            default.later("READY", done)

    def _unusable(self, runtime_id: str, number: str, params: Mapping[str, Any]) -> str:
        """Why the service would not take this artifact; the package is unpacked when it would."""
        code = params["agentRuntimeArtifact"]["codeConfiguration"]
        where = code["code"]["s3"]
        try:
            data = self._world.s3.get_object(Bucket=where["bucket"], Key=where["prefix"])["Body"].read()
        except ClientError as error:
            return f"the artifact cannot be read ({error.response['Error']['Code']})"
        if reason := check_package(data, code["entryPoint"]):
            return reason
        self.processes.unpack(runtime_id, number, data)
        return ""

    def get_agent_runtime(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        number = params.get("agentRuntimeVersion", runtime.newest)
        version = self._version(runtime, number)
        status = version.settle(self._world.now()) if number != runtime.newest else runtime.status
        version.settle(self._world.now())
        shown = {**runtime.value, **version.value, "agentRuntimeVersion": number, "status": status}
        return shown | ({"failureReason": version.reasons[0]} if version.reasons and "FAILED" in status else {})

    def list_agent_runtimes(self, params: dict[str, Any]) -> dict[str, Any]:
        rows = [self._row(runtime, runtime.newest) for runtime in self._living()]
        return _page(rows, "agentRuntimes", params)

    def list_agent_runtime_versions(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        return _page([self._row(runtime, number) for number in runtime.versions], "agentRuntimes", params)

    def list_tags_for_resource(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"tags": self._runtime(params["resourceArn"].rpartition("/")[2]).tags}

    def delete_agent_runtime(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        if runtime.status != "DELETING":
            if any(endpoint.status != "DELETING" for name, endpoint in self._endpoints(runtime) if name != "DEFAULT"):
                raise AwsError("ConflictException", "the runtime has endpoints")
            fault = self._world.faults.take("undeletable", "DeleteAgentRuntime")
            runtime.status = "DELETING"
            runtime.later("DELETE_FAILED" if fault else "GONE", self._world.now() + self._world.timings.delete)
            if not fault:
                self.processes.stop(params["agentRuntimeId"])
        return {"status": "DELETING", "agentRuntimeId": params["agentRuntimeId"]}

    # Endpoints

    def create_agent_runtime_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        names = dict(self._endpoints(runtime))
        if params["name"] in names:
            raise AwsError("ConflictException", f"an endpoint is named {params['name']} already")
        if len(names) >= MAX_ENDPOINTS:
            raise AwsError("ServiceQuotaExceededException", f"a runtime has {MAX_ENDPOINTS} endpoints")
        number = params.get("agentRuntimeVersion", runtime.newest)
        self._ready(runtime, number)
        endpoint = _Endpoint({"createdAt": self._world.stamp()}, "CREATING", target=number)
        if not self._world.faults.take("stuck", "CreateAgentRuntimeEndpoint"):
            endpoint.later("READY", self._world.now() + self._world.timings.endpoint)
        runtime.endpoints[params["name"]] = endpoint
        shown = self._endpoint_shown(runtime, params["name"])
        keys = ("agentRuntimeEndpointArn", "agentRuntimeArn", "createdAt")
        return {key: shown[key] for key in keys} | {
            "targetVersion": number,
            "status": "CREATING",
            "agentRuntimeId": params["agentRuntimeId"],
            "endpointName": params["name"],
        }

    def update_agent_runtime_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        endpoint = self._endpoint(runtime, params["endpointName"])
        number = params.get("agentRuntimeVersion", runtime.newest)
        self._ready(runtime, number)
        endpoint.status, endpoint.target = "UPDATING", number
        endpoint.later("READY", self._world.now() + self._world.timings.endpoint)
        shown = self._endpoint_shown(runtime, params["endpointName"])
        return {key: value for key, value in shown.items() if key not in ("name", "id")} | {"status": "UPDATING"}

    def get_agent_runtime_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        self._endpoint(runtime, params["endpointName"])
        return self._endpoint_shown(runtime, params["endpointName"])

    def list_agent_runtime_endpoints(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        rows = [self._endpoint_shown(runtime, name) for name, _ in self._endpoints(runtime)]
        return _page(rows, "runtimeEndpoints", params)

    def delete_agent_runtime_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        runtime = self._runtime(params["agentRuntimeId"])
        endpoint = self._endpoint(runtime, params["endpointName"])
        if params["endpointName"] == "DEFAULT":
            raise AwsError("ConflictException", "DEFAULT goes with its runtime")
        endpoint.status = "DELETING"
        endpoint.later("GONE", self._world.now() + self._world.timings.delete)
        return {"status": "DELETING", "endpointName": params["endpointName"]}

    # Invocations

    def invoke_agent_runtime(self, params: dict[str, Any]) -> dict[str, Any]:
        session_id = params.get("runtimeSessionId") or f"fake-session-{new_id()}-{new_id()}-{new_id()}"
        with self._world.lock:
            runtime = self._runtime(params["agentRuntimeArn"].rpartition("/")[2])
            endpoint = self._endpoint(runtime, params.get("qualifier", "DEFAULT"))
            endpoint.settle(self._world.now())
            number = endpoint.live
            if number is None:
                raise AwsError("ResourceNotFoundException", "the endpoint is not ready")
            variables = self._version(runtime, number).value.get("environmentVariables", {})
        kind, pieces = self.processes.turn(
            runtime.value["agentRuntimeId"], number, variables, session_id, params["payload"]
        )
        return {"contentType": kind, "runtimeSessionId": session_id, "statusCode": 200, "response": pieces}

    # What changes by itself

    def _living(self) -> list[_Runtime]:
        for runtime_id in list(self.runtimes):
            runtime = self.runtimes[runtime_id]
            for number, version in runtime.versions.items():
                version.settle(self._world.now())
                if version.status == "READY" and number == runtime.newest:
                    runtime.endpoints["DEFAULT"].settle(self._world.now())
            if runtime.settle(self._world.now()) == "GONE":
                del self.runtimes[runtime_id]
        return list(self.runtimes.values())

    def _runtime(self, runtime_id: str) -> _Runtime:
        self._living()
        if runtime_id not in self.runtimes:
            raise AwsError("ResourceNotFoundException", f"there is no runtime {runtime_id}")
        return self.runtimes[runtime_id]

    @staticmethod
    def _version(runtime: _Runtime, number: str) -> _Version:
        if number not in runtime.versions:
            raise AwsError("ResourceNotFoundException", f"the runtime has no version {number}")
        return runtime.versions[number]

    def _ready(self, runtime: _Runtime, number: str) -> None:
        if self._version(runtime, number).settle(self._world.now()) != "READY":
            raise AwsError("ConflictException", f"version {number} is not ready")

    def _endpoints(self, runtime: _Runtime) -> list[tuple[str, _Endpoint]]:
        for name in list(runtime.endpoints):
            if runtime.endpoints[name].settle(self._world.now()) == "GONE":
                del runtime.endpoints[name]
        return list(runtime.endpoints.items())

    def _endpoint(self, runtime: _Runtime, name: str) -> _Endpoint:
        found = dict(self._endpoints(runtime)).get(name)
        if found is None:
            raise AwsError("ResourceNotFoundException", f"the runtime has no endpoint {name}")
        return found

    def _made(self, runtime: _Runtime, number: str, status: str, *, updated: bool = False) -> dict[str, Any]:
        keys = ("agentRuntimeArn", "agentRuntimeId", "createdAt")
        made = {key: runtime.value[key] for key in keys} | {"agentRuntimeVersion": number, "status": status}
        return made | ({"lastUpdatedAt": self._world.stamp()} if updated else {})

    def _row(self, runtime: _Runtime, number: str) -> dict[str, Any]:
        keys = ("agentRuntimeArn", "agentRuntimeId", "agentRuntimeName")
        version = runtime.versions[number]
        return {key: runtime.value[key] for key in keys} | {
            "agentRuntimeVersion": number,
            "description": version.value.get("description", "none"),
            "lastUpdatedAt": version.value["lastUpdatedAt"],
            "status": version.settle(self._world.now()),
        }

    def _endpoint_shown(self, runtime: _Runtime, name: str) -> dict[str, Any]:
        endpoint = runtime.endpoints[name]
        status = endpoint.settle(self._world.now())
        arn = runtime.value["agentRuntimeArn"]
        shown: dict[str, Any] = {
            "name": name,
            "id": runtime.value["agentRuntimeId"],
            "agentRuntimeArn": arn,
            "agentRuntimeEndpointArn": f"{arn}/runtime-endpoint/{name}",
            "status": status,
            "createdAt": endpoint.value["createdAt"],
            "lastUpdatedAt": endpoint.value["createdAt"],
        }
        if endpoint.live:
            shown["liveVersion"] = endpoint.live
        return shown | ({"targetVersion": endpoint.target} if endpoint.target else {})


def check_package(data: bytes, entry_point: list[str]) -> str:
    """What the service finds wrong with a zip; empty when nothing."""
    if len(data) > MAX_ZIP:
        return "Your artifact is larger than 250 MB."
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        return "Your artifact is not a zip file."
    with archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > MAX_UNZIPPED:
            return "Your artifact is larger than 750 MB unzipped."
        if entry_point[-1] not in archive.namelist():
            return f"The specified entrypoint could not be found: {entry_point[-1]}"
        for info in infos:
            if not (info.external_attr >> 16) & 0o400:
                return f"The file {info.filename} is not readable."
            with archive.open(info) as file:
                head = file.read(20)
            if head[:4] == b"\x7fELF" and struct.unpack_from("<H", head, 18)[0] != _ARM64:
                return "Your artifact contains binary files that are incompatible with Linux ARM64."
    return ""


def _page(rows: list[dict[str, Any]], name: str, params: dict[str, Any]) -> dict[str, Any]:
    begin, size = int(params.get("nextToken", "0")), params.get("maxResults", 100)
    page: dict[str, Any] = {name: rows[begin : begin + size]}
    if begin + size < len(rows):
        page["nextToken"] = str(begin + size)
    return page


__all__ = ["SESSION_HEADER", "RuntimeFake", "check_package"]
