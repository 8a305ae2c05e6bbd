"""Routes of the text channel: one turn as JSON or as a stream of events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from oratio.api import sse
from oratio.api.context import ApiContext, ByCaller, InContext, answers, reply
from oratio.domain.conversations.conversation import TurnDelta
from oratio.errors import AgentFailed
from oratio.protocol.http import Answer, PromptBody
from oratio.protocol.sse import event as encoded
from oratio.services.conversations.conversations import Closed, ConversationEvent, Opened

router = APIRouter(tags=["conversations"])

_BOTH: dict[str, Any] = {
    "description": "With `Accept: text/event-stream`: `delta` events, then one `done` with the same object",
    "model": Answer,
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@router.post(
    "/api/agents/{agentId}/invocations",
    response_model=None,
    responses={**answers(200, Answer, 403, 409, 429, 502), 200: _BOTH},
)
async def invoke(
    agentId: str,
    body: PromptBody,
    request: Request,
    context: InContext,
    caller: ByCaller,
) -> Response:
    """Ask the agent; `sessionId` continues a conversation."""
    turn = context.services.conversations.stream(caller.user_id, agentId, body.prompt, body.session_id)
    if _wants_events(request):
        # Refusals come before the first event, while the status can still be set.
        opened = await _opened(turn)
        return sse.EventStream(_events(context, opened, turn))
    answer = await sse.unless_gone(request, _answer(context, turn))
    return Response(status_code=499) if answer is None else reply(answer)


def _wants_events(request: Request) -> bool:
    accepted = (kind.partition(";")[0].strip().lower() for kind in request.headers.get("accept", "").split(","))
    return "text/event-stream" in accepted


async def _opened(turn: AsyncGenerator[ConversationEvent]) -> Opened:
    try:
        event = await anext(turn)
    except StopAsyncIteration:
        raise AgentFailed("the agent ended its turn without a result", hint="try again") from None
    assert isinstance(event, Opened)
    return event


async def _answer(context: ApiContext, turn: AsyncGenerator[ConversationEvent]) -> Answer:
    async with aclosing(turn):
        opened = await _opened(turn)
        async for event in turn:
            if isinstance(event, Closed):
                context.metrics.turn(event.latency_ms, event.result.usage)
                return Answer.of(opened.session_id, opened.version, event.result, event.latency_ms)
    raise AgentFailed("the agent ended its turn without a result", hint="try again")


async def _events(
    context: ApiContext, opened: Opened, turn: AsyncGenerator[ConversationEvent]
) -> AsyncGenerator[bytes]:
    async with aclosing(turn):
        async for event in turn:
            if isinstance(event, TurnDelta):
                yield encoded({"text": event.text}, name="delta")
            elif isinstance(event, Closed):
                context.metrics.turn(event.latency_ms, event.result.usage)
                answer = Answer.of(opened.session_id, opened.version, event.result, event.latency_ms)
                yield encoded(answer.model_dump(mode="json", by_alias=True), name="done")
