"""The AgentCore application around one agent: `/invocations` and `/ping`.

The same application runs on AgentCore (`create_app(...).run()` in a `main.py`) and in the local host's sandbox;
only the `Connections` differ.
"""

from collections.abc import AsyncIterator
from typing import Any

from bedrock_agentcore.runtime import BedrockAgentCoreApp, RequestContext

from oratio.agentkit.definition import AgentDefinition
from oratio.agentkit.drills import KINDS, DrilledConnections, StagedDrill
from oratio.agentkit.platform.connections import Connections
from oratio.agentkit.sessions import Sessions, TurnRequest
from oratio.agentkit.turn import TurnError

MAX_PROMPT_CHARS = 20_000
MAX_HISTORY = 400
MAX_GUIDANCE = 40
DEFAULT_DEADLINE_MS = 30_000
MAX_DEADLINE_MS = 900_000
MAX_TRACE_CHARS = 55
MAX_DRILL_CHARS = 4_000


def create_app(definition: AgentDefinition, connections: Connections, *, drills: bool = False) -> BedrockAgentCoreApp:
    """Load the agent and put the application round it.

    Args:
        drills: Stage a turn's `drill`, in a session that nothing else shares; otherwise it is passed over.

    Raises:
        BadDefinition: The agent's code does not load.
    """
    build = definition.load()
    sessions = Sessions(definition, build, connections)
    app = BedrockAgentCoreApp()

    @app.entrypoint
    async def invoke(payload: object, context: RequestContext) -> AsyncIterator[dict[str, Any]]:
        """SSE events: `delta {text}` any number of times, then `done {result}` or `error {code, message}`."""
        try:
            request = read_request(payload, context.session_id)
            drill = read_drill(payload) if drills else None
        except ValueError as error:
            yield TurnError(code="bad_request", message=str(error)).wire()
            return
        staged = Sessions(definition, build, DrilledConnections(connections, drill)) if drill else sessions
        async for event in staged.turn(request):
            yield event

    return app


def read_request(payload: object, session_id: str | None) -> TurnRequest:
    """Check `{"prompt", "history": [{role, text}], "deadlineMs", "warmUp", "replay", "guidance", "trace"}`, which
    AgentCore hands over unchecked.

    Raises:
        ValueError: Says which field is wrong.
    """
    if not isinstance(payload, dict):
        raise ValueError("the payload is not an object")
    if not session_id:
        raise ValueError("the session id header is missing")
    prompt, history = payload.get("prompt"), payload.get("history", [])
    deadline_ms = payload.get("deadlineMs", DEFAULT_DEADLINE_MS)
    warm_up = payload.get("warmUp") is True
    if not isinstance(prompt, str) or not (prompt.strip() or warm_up) or len(prompt) > MAX_PROMPT_CHARS:
        raise ValueError(f"prompt is not a text of 1 to {MAX_PROMPT_CHARS} characters")
    if not isinstance(history, list) or len(history) > MAX_HISTORY:
        raise ValueError(f"history is not a list of at most {MAX_HISTORY} messages")
    if not isinstance(deadline_ms, int) or not 0 < deadline_ms <= MAX_DEADLINE_MS:
        raise ValueError(f"deadlineMs is not a number from 1 to {MAX_DEADLINE_MS}")
    pairs: list[tuple[str, str]] = []
    for entry in history:
        role, text = (entry.get("role"), entry.get("text")) if isinstance(entry, dict) else (None, None)
        if role not in ("user", "assistant") or not isinstance(text, str):
            raise ValueError("history holds something that is not {role: user|assistant, text}")
        pairs.append((role, text))
    guidance = payload.get("guidance", [])
    if not isinstance(guidance, list) or len(guidance) > MAX_GUIDANCE or not all(isinstance(g, str) for g in guidance):
        raise ValueError(f"guidance is not a list of at most {MAX_GUIDANCE} texts")
    trace = payload.get("trace", "")
    if not isinstance(trace, str) or len(trace) > MAX_TRACE_CHARS:
        raise ValueError(f"trace is not a text of at most {MAX_TRACE_CHARS} characters")
    return TurnRequest(
        session_id=session_id,
        prompt=prompt,
        history=pairs,
        deadline_s=deadline_ms / 1000,
        warm_up=warm_up,
        replay=payload.get("replay") is True,
        guidance=guidance,
        trace=trace,
    )


def read_drill(payload: object) -> StagedDrill | None:
    """`{"drill": {"kind", "text"}}` of a payload, or None.

    Raises:
        ValueError: There is one, and it is malformed.
    """
    value = payload.get("drill") if isinstance(payload, dict) else None
    if value is None:
        return None
    kind, text = (value.get("kind"), value.get("text")) if isinstance(value, dict) else (None, None)
    if kind not in KINDS or not isinstance(text, str) or len(text) > MAX_DRILL_CHARS:
        raise ValueError("drill is not {kind, text}")
    return StagedDrill(kind=str(kind), text=text)
