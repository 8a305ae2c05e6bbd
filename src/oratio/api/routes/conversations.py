"""Routes of stored conversations: heads, transcripts, recordings."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from oratio.api.context import ApiContext, ByCaller, InContext, answers, reply
from oratio.api.routes.agents import MAX_PAGE
from oratio.domain.conversations.conversation import Conversation
from oratio.domain.storage_layout import audio_key
from oratio.errors import NotFound
from oratio.ports.repositories import Page
from oratio.protocol.http import ConversationDetail, ConversationPage, ConversationView

router = APIRouter(tags=["conversations"])


def page_view(context: ApiContext, page: Page[Conversation]) -> ConversationPage:
    """Return a page of heads, each with its estimated cost."""
    heads = [_view(context, head) for head in page.items]
    return ConversationPage(conversations=heads, next_cursor=page.next_cursor)


def _view(context: ApiContext, head: Conversation) -> ConversationView:
    return ConversationView.of(head, context.services.analytics.cost(head))


@router.get("/api/agents/{agentId}/conversations", response_model=None, responses=answers(200, ConversationPage))
def list_conversations(
    agentId: str,
    context: InContext,
    caller: ByCaller,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """List an agent's conversations, newest first."""
    page = context.services.conversations.page(caller.user_id, agentId, limit=limit, cursor=cursor)
    return reply(page_view(context, page))


@router.get("/api/conversations/{conversationId}", response_model=None, responses=answers(200, ConversationDetail))
def show_conversation(conversationId: str, context: InContext, caller: ByCaller) -> Response:
    """Show one conversation with its transcript, latencies, tool calls and hand-off."""
    head, turns = context.services.conversations.get(caller.user_id, conversationId)
    return reply(ConversationDetail(conversation=_view(context, head), transcript=turns))


@router.delete("/api/conversations/{conversationId}", response_model=None, responses=answers(204, None, 409))
def delete_conversation(conversationId: str, context: InContext, caller: ByCaller) -> Response:
    """Delete a conversation for good: its head, transcript and recording."""
    context.services.retention.delete(caller.user_id, conversationId)
    return Response(status_code=204)


@router.get(
    "/api/conversations/{conversationId}/audio",
    response_model=None,
    responses={**answers(200, None), 200: {"description": "Caller left, agent right", "content": {"audio/wav": {}}}},
)
def conversation_audio(conversationId: str, context: InContext, caller: ByCaller) -> Response:
    """Return the recording as a two-channel WAV."""
    head, _ = context.services.conversations.get(caller.user_id, conversationId)
    key = audio_key(head.user_id, head.agent_id, head.conversation_id)
    with tempfile.NamedTemporaryFile(suffix=".wav", delete=False) as file:
        copy = Path(file.name)
    try:
        context.platform.recordings.fetch(key, copy)
    except NotFound:
        copy.unlink()
        raise NotFound(f"conversation {conversationId} has no recording") from None
    name = f"{head.conversation_id}.wav"
    return FileResponse(copy, media_type="audio/wav", filename=name, background=BackgroundTask(copy.unlink))
