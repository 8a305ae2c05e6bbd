"""Agents that answer at once and run nowhere, in the place of `AgentProcesses`, where what they say does not matter."""

import json
from collections.abc import Iterator, Mapping

from oratio.domain.conversations.conversation import TurnResult
from tests.fakes.aws.agentcore.processes import AgentProcesses

_DONE = {"type": "done", "result": TurnResult(answer="Hello.", answered=False, model="builtin").model_dump(mode="json")}


class InstantAgents(AgentProcesses):
    def __init__(self) -> None:
        super().__init__(dict)

    def unpack(self, runtime_id: str, version: str, package: bytes) -> None:
        return

    def turn(
        self, runtime_id: str, version: str, variables: Mapping[str, str], session_id: str, payload: bytes
    ) -> tuple[str, Iterator[bytes]]:
        return "text/event-stream", iter([f"data: {json.dumps(_DONE)}\n\n".encode()])
