"""Endpoints of a runtime: `live`, and one for each version that may still be asked for."""

import asyncio
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from oratio.adapters.aws.session import AwsSession, error_code, translated
from oratio.errors import Conflict, NotReady, StepFailed
from oratio.ports.agent_runtime import LIVE
from oratio.ports.clock import Clock

# AWS allows 10 a runtime; DEFAULT is its own, `live` ours.
MAX_VERSION_ENDPOINTS = 7
_LOOK_S = 0.5
_LOOKS = 120
_GOING = ("CREATING", "UPDATING")


class Endpoints:
    def __init__(self, session: AwsSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    @property
    def _control(self) -> Any:
        return self._session.client("bedrock-agentcore-control")

    def pin(self, runtime_id: str, name: str, version: str) -> None:
        """Point an endpoint at a version and return when it answers there.

        Raises:
            NotReady: It takes longer than a minute.
            StepFailed: AWS could not move it.
        """
        what = f"the endpoint {name} of runtime {runtime_id}"
        with translated(what):
            self._aim(runtime_id, name, version)
            for _ in range(_LOOKS):
                shown = self._get(runtime_id, name)
                if shown is not None and shown["status"] == "READY" and shown.get("liveVersion") == version:
                    return
                if shown is not None and shown["status"] not in (*_GOING, "READY"):
                    reason = shown.get("failureReason", "no reason given")
                    raise StepFailed(f"{what} is {shown['status']}: {reason}", hint="retry it")
                self._clock.sleep(_LOOK_S)
        raise NotReady(f"{what} does not answer with version {version} yet")

    def ensure_version(self, runtime_id: str, version: str) -> bool:
        """Get or make the version's own endpoint; whether it answers already."""
        name = f"v{version}"
        with translated(f"the endpoint {name} of runtime {runtime_id}"):
            shown = self._get(runtime_id, name)
            if shown is None:
                self._make_room(runtime_id)
                self._aim(runtime_id, name, version)
                shown = self._get(runtime_id, name)
        return shown is not None and shown["status"] == "READY"

    async def require_not_live(self, runtime_id: str, qualifier: str) -> None:
        """Refuse a drill of what callers reach.

        Raises:
            Conflict: `live` is pinned to the version.
        """
        shown = await asyncio.to_thread(self._get, runtime_id, LIVE)
        if shown is not None and qualifier in (LIVE, shown.get("liveVersion"), shown.get("targetVersion")):
            raise Conflict("callers reach this version, so it is not drilled")

    def delete_all(self, runtime_id: str) -> None:
        for shown in self._all(runtime_id):
            if shown["name"] == "DEFAULT" or shown["status"] == "DELETING":
                continue
            try:
                self._control.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName=shown["name"])
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise

    def _aim(self, runtime_id: str, name: str, version: str) -> None:
        shown = self._get(runtime_id, name)
        at = {"agentRuntimeId": runtime_id, "agentRuntimeVersion": version}
        try:
            if shown is None:
                self._control.create_agent_runtime_endpoint(**at, name=name)
            elif (shown.get("targetVersion") or shown.get("liveVersion")) != version:
                self._control.update_agent_runtime_endpoint(**at, endpointName=name)
        except ClientError as error:
            if error_code(error) == "ConflictException":
                raise NotReady(f"the endpoint {name} of runtime {runtime_id} is being changed") from error
            raise

    def _make_room(self, runtime_id: str) -> None:
        """Take the oldest versions' endpoints away; a version that is asked for again gets its own again."""
        numbers = sorted(
            int(shown["name"][1:])
            for shown in self._all(runtime_id)
            if shown["name"][:1] == "v" and shown["name"][1:].isdigit() and shown["status"] != "DELETING"
        )
        for number in numbers[: max(0, len(numbers) - MAX_VERSION_ENDPOINTS + 1)]:
            self._control.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName=f"v{number}")

    def _get(self, runtime_id: str, name: str) -> Mapping[str, Any] | None:
        try:
            shown: Mapping[str, Any] = self._control.get_agent_runtime_endpoint(
                agentRuntimeId=runtime_id, endpointName=name
            )
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return None
            raise
        return shown

    def _all(self, runtime_id: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        params: dict[str, Any] = {"agentRuntimeId": runtime_id}
        while True:
            page = self._control.list_agent_runtime_endpoints(**params)
            found += page["runtimeEndpoints"]
            if "nextToken" not in page:
                return found
            params["nextToken"] = page["nextToken"]
