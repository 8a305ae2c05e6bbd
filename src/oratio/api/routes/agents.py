"""Routes of agents: create, list, show, watch, retry, delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from oratio.api.context import ByCaller, IdempotencyKey, InContext, answers, reply
from oratio.api.routes.uploads import UPLOAD_FIELD, UPLOAD_ID, UPLOAD_ID_BYTES, staged_files
from oratio.api.sse import EventStream
from oratio.protocol.http import Accepted, AgentDetail, AgentPage, AgentSummary, EventLog
from oratio.services.agents.form_validation import FORM_FIELDS

router = APIRouter(tags=["agents"])

MAX_PAGE = 200
_FILES = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
    "description": "One part a file; its filename is the path relative to the folder.",
}


def form_of(required: bool, **extra: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI of an agent's form."""
    texts: dict[str, dict[str, Any]] = {name: {"type": "string"} for name in FORM_FIELDS}
    texts["agentType"]["enum"] = ["voice", "text"]
    texts["folderFileDescriptions"]["description"] = "A JSON object that nests folders; a folder's own text under ''."
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {**texts, "files": _FILES, UPLOAD_ID: UPLOAD_FIELD, **extra},
    }
    if required:
        schema["required"] = list(FORM_FIELDS[:-1])
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@router.post("/api/agents", response_model=None, responses=answers(202, Accepted, 409), openapi_extra=form_of(True))
async def create_agent(request: Request, context: InContext, caller: ByCaller, key: IdempotencyKey) -> Response:
    """Create an agent from a folder of documents and an SOP."""
    async with (
        context.receiver.form(request, caller.user_id, {UPLOAD_ID: UPLOAD_ID_BYTES}) as form,
        staged_files(context, caller.user_id, form.fields) as staged,
    ):
        files = [*form.files, *staged]
        agent = await run_in_threadpool(
            context.services.agents.submit, caller.user_id, form.fields, files, idempotency_key=key
        )
    message = "Agent creation started" if key is None else "Agent creation started under this Idempotency-Key"
    accepted = Accepted(agent_id=agent.agent_id, status=agent.status, message=message)
    return reply(accepted, 202, {"Location": f"/api/agents/{agent.agent_id}"})


@router.get("/api/agents", response_model=None, responses=answers(200, AgentPage))
def list_agents(
    context: InContext,
    caller: ByCaller,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """List the tenant's agents, newest first."""
    page = context.services.agents.page(caller.user_id, limit=limit, cursor=cursor)
    return reply(AgentPage(agents=list(map(AgentSummary.of, page.items)), next_cursor=page.next_cursor))


@router.get("/api/agents/{agentId}", response_model=None, responses=answers(200, AgentDetail))
def show_agent(agentId: str, context: InContext, caller: ByCaller) -> Response:
    """Show one agent with its knowledge base and progress."""
    agent = context.services.agents.get(caller.user_id, agentId)
    return reply(AgentDetail.of(agent, context.services.agents.knowledge_base(agent)))


_EVENTS: dict[str, Any] = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}


@router.get(
    "/api/agents/{agentId}/events",
    response_model=None,
    responses={**answers(200, None, 429), 200: {"description": "`step` and `status` events", **_EVENTS}},
)
async def watch_agent(
    agentId: str,
    context: InContext,
    caller: ByCaller,
    last_event_id: Annotated[int, Header(ge=0, le=2**53)] = 0,
) -> Response:
    """Stream changes of steps and status as server-sent events, from the first, until the agent is active or failed."""
    return EventStream(await context.watchers.watch(caller.user_id, agentId, last_event_id))


@router.get("/api/agents/{agentId}/log", response_model=None, responses=answers(200, EventLog))
def agent_log(
    agentId: str, context: InContext, caller: ByCaller, after: Annotated[int, Query(ge=0, le=2**53)] = 0
) -> Response:
    """List the changes of steps and status until now, after the one numbered `after`."""
    return reply(EventLog(events=context.services.agents.events(caller.user_id, agentId, after=after)))


@router.post("/api/agents/{agentId}/retry", response_model=None, responses=answers(202, Accepted, 409))
def retry_agent(agentId: str, context: InContext, caller: ByCaller) -> Response:
    """Resume a failed creation or update at the step that failed."""
    agent = context.services.agents.retry(caller.user_id, agentId)
    return reply(
        Accepted(agent_id=agentId, status=agent.status, message=f"Version {agent.latest_version} resumed"), 202
    )


@router.delete("/api/agents/{agentId}", response_model=None, responses=answers(202, Accepted, 409))
def delete_agent(agentId: str, context: InContext, caller: ByCaller) -> Response:
    """Delete an agent with everything it owns."""
    agent = context.services.agents.delete(caller.user_id, agentId)
    return reply(Accepted(agent_id=agentId, status=agent.status, message="Agent deletion started"), 202)
