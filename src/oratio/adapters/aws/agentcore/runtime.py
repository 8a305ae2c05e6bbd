"""AgentCore Runtime: one runtime an agent, one runtime version a package, `live` pinned to one of them."""

import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from oratio.adapters.aws.agentcore.agent_packages import MAIN, AgentPackages
from oratio.adapters.aws.agentcore.endpoints import Endpoints
from oratio.adapters.aws.agentcore.iam_propagation import IamPropagation
from oratio.adapters.aws.agentcore.invocations import Invoker
from oratio.adapters.aws.agentcore.roles import AgentRoles
from oratio.adapters.aws.agentcore.session_rate_limit import SessionRateLimit
from oratio.adapters.aws.bedrock.deletions import Deletions
from oratio.adapters.aws.session import AwsSession, error_code, translated
from oratio.adapters.turn_events import turn_payload
from oratio.agentkit.platform.environment import ENGINE_ID, KIND, MODEL, VERSION
from oratio.domain.conversations.conversation import TurnEvent
from oratio.domain.plan.rehearsal import DRILL_TEXTS
from oratio.domain.refs import VersionRef
from oratio.errors import CodeRejected, Conflict, NotFound, NotReady, StepFailed
from oratio.ports.agent_runtime import AgentPackage, AgentRuntime, Invocation, RuntimeRef, RuntimeStatus
from oratio.ports.clock import Clock

logger = logging.getLogger(__name__)

_ID = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,99}-[a-zA-Z0-9]{10}")
_VERSION = re.compile(r"[1-9][0-9]{0,4}")
_STATUS = {
    "CREATING": RuntimeStatus.CREATING,
    "UPDATING": RuntimeStatus.UPDATING,
    "READY": RuntimeStatus.READY,
}
_OURS = "o_"
# How often a package whose version failed may be made again; each needs a client token of its own.
_ATTEMPTS = 8


class RuntimeOptions(NamedTuple):
    """What every agent's runtime is made with.

    Attributes:
        kind: Of the knowledge bases, which decides how an agent asks its own.
        idle_s: How long a session's machine waits for the next turn.
        sessions_per_second: How many sessions this process begins in a second.
    """

    bucket: str
    account_id: str
    model_id: str
    kind: str
    python: str = "PYTHON_3_12"
    idle_s: int = 900
    sessions_per_second: float = 20.0


@dataclass(frozen=True, slots=True)
class AgentCoreParts:
    """What an `AgentCoreRuntime` works with."""

    session: AwsSession
    packages: AgentPackages
    roles: AgentRoles
    clock: Clock
    verify: Callable[[AgentPackage], bool]


class AgentCoreRuntime(AgentRuntime):
    """Quirks: AgentCore is called by endpoint only, so each version gets one, `v<version>`, made when the version is
    first seen ready; the oldest go when there is no room. A version's description holds the token that made it.
    """

    def __init__(self, parts: AgentCoreParts, options: RuntimeOptions) -> None:
        self._session = parts.session
        self._packages = parts.packages
        self._roles = parts.roles
        self._verify = parts.verify
        self._options = options
        self._patience = IamPropagation(parts.clock)
        self._endpoints = Endpoints(parts.session, parts.clock)
        self._deletions = Deletions()
        self._invoker = Invoker(parts.session)
        self._pace = SessionRateLimit(options.sessions_per_second)

    @property
    def _control(self) -> Any:
        return self._session.client("bedrock-agentcore-control")

    def ensure_runtime(
        self, ref: VersionRef, package: AgentPackage, *, engine_id: str, tags: Mapping[str, str], token: str
    ) -> RuntimeRef:
        if not self._verify(package):
            raise CodeRejected(
                f"the code of version {ref.version} is not what the review signed", hint="build the version again"
            )
        name = runtime_name(ref)
        role_arn = self._roles.ensure(name.removeprefix(_OURS), engine_id, tags)
        request = self._request(ref, self._packages.upload(ref, package), role_arn, engine_id)
        for attempt in range(_ATTEMPTS):
            mark = token if attempt == 0 else f"{token}+{attempt}"
            labelled = request | {
                "description": f"Oratio version {ref.version} of {mark}",
                "clientToken": hashlib.sha256(f"{name}\0{mark}".encode()).hexdigest(),
            }
            with translated(f"the runtime {name}"), self._patience.patience(role_arn):
                made = self._made(name, mark, labelled, tags)
            if made is not None:
                logger.info("agent_id=<%s> version=<%d> | runtime version made", ref.agent_id, ref.version)
                return made
        raise NotReady(f"the runtime {name} is being replaced")

    def _request(self, ref: VersionRef, key: str, role_arn: str, engine_id: str) -> dict[str, Any]:
        """Everything a version is made of: an update replaces all, what it leaves out is reset."""
        code = {"s3": {"bucket": self._options.bucket, "prefix": key}}
        return {
            "agentRuntimeArtifact": {
                "codeConfiguration": {"code": code, "runtime": self._options.python, "entryPoint": [MAIN]}
            },
            "roleArn": role_arn,
            "networkConfiguration": {"networkMode": "PUBLIC"},
            "protocolConfiguration": {"serverProtocol": "HTTP"},
            "lifecycleConfiguration": {"idleRuntimeSessionTimeout": self._options.idle_s},
            "environmentVariables": {
                MODEL: self._options.model_id,
                ENGINE_ID: engine_id,
                KIND: self._options.kind,
                VERSION: str(ref.version),
            },
        }

    def _made(self, name: str, mark: str, request: Mapping[str, Any], tags: Mapping[str, str]) -> RuntimeRef | None:
        """The version this token made or makes; None when it failed before and another token is due."""
        try:
            created = self._control.create_agent_runtime(agentRuntimeName=name, tags=dict(tags), **request)
        except ClientError as error:
            if error_code(error) != "ConflictException":
                raise
            return self._updated(name, mark, request, tags)
        try:
            seen = self._seen(created["agentRuntimeId"], created["agentRuntimeVersion"])
        except NotFound:
            return None  # the token names one that was deleted
        if seen.status is RuntimeStatus.FAILED:
            self._control.delete_agent_runtime(agentRuntimeId=seen.runtime_id)
            raise NotReady(f"the runtime {name}, which failed before, is being replaced")
        return seen

    def _updated(self, name: str, mark: str, request: Mapping[str, Any], tags: Mapping[str, str]) -> RuntimeRef | None:
        runtime_id = self._find(name, tags)
        for version in self._pages("list_agent_runtime_versions", "agentRuntimes", agentRuntimeId=runtime_id):
            if version["description"].endswith(f" of {mark}"):
                seen = self._seen(runtime_id, version["agentRuntimeVersion"])
                return None if seen.status is RuntimeStatus.FAILED else seen
        try:
            updated = self._control.update_agent_runtime(agentRuntimeId=runtime_id, **request)
        except ClientError as error:
            if error_code(error) == "ConflictException":
                raise NotReady(f"the runtime {name} is being changed") from error
            raise
        return RuntimeRef(runtime_id, updated["agentRuntimeVersion"], _status(updated))

    def _find(self, name: str, tags: Mapping[str, str]) -> str:
        """The runtime that has the name, when it is this agent's."""
        for runtime in self._pages("list_agent_runtimes", "agentRuntimes"):
            if runtime["agentRuntimeName"] != name:
                continue
            theirs = self._control.list_tags_for_resource(resourceArn=runtime["agentRuntimeArn"])["tags"]
            if any(theirs.get(key) != tags.get(key) for key in ("userId", "agentId")):
                raise Conflict(f"a runtime named {name} exists that is not this agent's", hint="delete it")
            return str(runtime["agentRuntimeId"])
        raise NotReady(f"the runtime {name} is being deleted or made")

    def runtime(self, runtime_id: str, runtime_version: str) -> RuntimeRef:
        seen = self._seen(runtime_id, runtime_version)
        if seen.status is not RuntimeStatus.READY:
            return seen
        ready = self._endpoints.ensure_version(runtime_id, runtime_version)
        return seen if ready else seen._replace(status=RuntimeStatus.CREATING)

    def _seen(self, runtime_id: str, runtime_version: str) -> RuntimeRef:
        if not _ID.fullmatch(runtime_id) or not _VERSION.fullmatch(runtime_version):
            raise NotFound(f"there is no runtime {runtime_id!r} in version {runtime_version!r}")
        with translated(f"the runtime {runtime_id}"):
            shown = self._control.get_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion=runtime_version)
        return RuntimeRef(runtime_id, runtime_version, _status(shown), str(shown.get("failureReason", ""))[:300])

    def ensure_endpoint(self, runtime_id: str, name: str, runtime_version: str) -> None:
        self._seen(runtime_id, runtime_version)
        self._endpoints.pin(runtime_id, name, runtime_version)

    async def invoke(self, runtime_id: str, qualifier: str, invocation: Invocation) -> AsyncIterator[TurnEvent]:
        if not _ID.fullmatch(runtime_id):
            raise NotFound(f"there is no runtime {runtime_id!r}")
        endpoint = f"v{qualifier}" if _VERSION.fullmatch(qualifier) else qualifier
        payload = turn_payload(invocation)
        if invocation.traceparent:
            payload["trace"] = invocation.traceparent
        if invocation.drill:
            await self._endpoints.require_not_live(runtime_id, qualifier)
            payload["drill"] = {"kind": invocation.drill, "text": DRILL_TEXTS[invocation.drill]}
        if not invocation.history:
            await self._pace.wait()
        arn = f"arn:aws:bedrock-agentcore:{self._session.region}:{self._options.account_id}:runtime/{runtime_id}"
        events = self._invoker.turn(
            arn,
            endpoint,
            session_id=invocation.session_id,
            body=json.dumps(payload).encode(),
            deadline_s=invocation.deadline_ms / 1000,
            traceparent=invocation.traceparent,
        )
        async with aclosing(events):
            async for event in events:
                yield event

    def delete_runtime(self, runtime_id: str) -> None:
        if not _ID.fullmatch(runtime_id):
            return
        with translated(f"the runtime {runtime_id}"):
            try:
                shown = self._control.get_agent_runtime(agentRuntimeId=runtime_id)
                if shown["status"] == "DELETE_FAILED" and self._deletions.tried(runtime_id):
                    raise StepFailed(f"the runtime {runtime_id} cannot be deleted", hint="delete it in the AWS console")
                if shown["status"] != "DELETING":
                    self._endpoints.delete_all(runtime_id)
                    self._control.delete_agent_runtime(agentRuntimeId=runtime_id)
            except ClientError as error:
                if error_code(error) == "ConflictException":
                    raise NotReady(f"the runtime {runtime_id} is still in use") from error
                if error_code(error) != "ResourceNotFoundException":
                    raise
                # Last, so that a teardown that was cut off finds its way back to it.
                self._roles.delete(runtime_id.removeprefix(_OURS).partition("-")[0])
                return
        raise NotReady(f"the runtime {runtime_id} is being deleted")

    def _pages(self, operation: str, rows: str, **params: Any) -> Iterator[Mapping[str, Any]]:
        while True:
            page = getattr(self._control, operation)(**params)
            yield from page[rows]
            if "nextToken" not in page:
                return
            params["nextToken"] = page["nextToken"]


def runtime_name(ref: VersionRef) -> str:
    """Letters, digits and underscores, 48 at most; the same for every version of an agent."""
    return _OURS + hashlib.sha256(f"{ref.user_id}\0{ref.agent_id}".encode()).hexdigest()[:32]


def _status(shown: Mapping[str, Any]) -> RuntimeStatus:
    return _STATUS.get(shown["status"], RuntimeStatus.FAILED)
