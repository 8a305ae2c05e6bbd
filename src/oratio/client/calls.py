"""Every call of the API as a value: what to send and what comes back. The two clients only send them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from oratio import wire
from oratio.client.forms import Brief, Files, Form, Progress, body_of, delete_files
from oratio.wire import Wire

REPLAY_TIMEOUT_S = 900.0


class Call[W: Wire](NamedTuple):
    """One request; `model` is what a good answer holds, `timeout_s` set where an answer takes longer than most."""

    method: str
    path: str
    model: type[W]
    params: Mapping[str, str | int] = {}
    json: Mapping[str, Any] | None = None
    form: Form | None = None
    headers: Mapping[str, str] = {}
    timeout_s: float | None = None


def _agent(agent_id: str, *rest: str) -> str:
    return "/".join(("/api/agents", quote(agent_id, safe=""), *(quote(part, safe="") for part in rest)))


def _page(limit: int, cursor: str | None) -> dict[str, str | int]:
    return {"limit": limit, **({"cursor": cursor} if cursor else {})}


def create_agent(
    brief: Brief, files: Files, idempotency_key: str | None, progress: Progress | None
) -> Call[wire.Accepted]:
    form = Form(brief.fields(), files, progress)
    return Call("POST", "/api/agents", wire.Accepted, form=form, headers=_once(idempotency_key))


def _once(idempotency_key: str | None) -> Mapping[str, str]:
    return {"Idempotency-Key": idempotency_key} if idempotency_key else {}


def agents(limit: int, cursor: str | None) -> Call[wire.AgentPage]:
    return Call("GET", "/api/agents", wire.AgentPage, _page(limit, cursor))


def agent(agent_id: str) -> Call[wire.AgentDetail]:
    return Call("GET", _agent(agent_id), wire.AgentDetail)


def retry(agent_id: str) -> Call[wire.Accepted]:
    return Call("POST", _agent(agent_id, "retry"), wire.Accepted)


def delete(agent_id: str) -> Call[wire.Accepted]:
    return Call("DELETE", _agent(agent_id), wire.Accepted)


def events_path(agent_id: str) -> str:
    return _agent(agent_id, "events")


def log(agent_id: str, after: int) -> Call[wire.EventLog]:
    return Call("GET", _agent(agent_id, "log"), wire.EventLog, {"after": after} if after else {})


def create_version(
    agent_id: str,
    brief: Brief,
    files: Files,
    removed: Iterable[str],
    activate: bool,
    idempotency_key: str | None,
    progress: Progress | None,
) -> Call[wire.AcceptedVersion]:
    switch = {"activate": "true"} if activate else {}
    form = Form({**brief.fields(), **delete_files(removed), **switch}, files, progress)
    path = _agent(agent_id, "versions")
    return Call("POST", path, wire.AcceptedVersion, form=form, headers=_once(idempotency_key))


def versions(agent_id: str) -> Call[wire.VersionList]:
    return Call("GET", _agent(agent_id, "versions"), wire.VersionList)


def version(agent_id: str, number: int) -> Call[wire.VersionDetail]:
    return Call("GET", _agent(agent_id, "versions", str(number)), wire.VersionDetail)


def activate(agent_id: str, number: int, override_reason: str | None) -> Call[wire.Activated]:
    path = _agent(agent_id, "versions", str(number), "activate")
    return Call("POST", path, wire.Activated, json=body_of(overrideReason=override_reason))


def diff(agent_id: str, number: int, against: int) -> Call[wire.DiffView]:
    return Call("GET", _agent(agent_id, "versions", str(number), "diff"), wire.DiffView, {"against": against})


def replay(agent_id: str, number: int, conversations: int) -> Call[wire.ReplayView]:
    path = _agent(agent_id, "versions", str(number), "replay")
    return Call("POST", path, wire.ReplayView, json=body_of(conversations=conversations), timeout_s=REPLAY_TIMEOUT_S)


def create_key(
    agent_id: str,
    name: str,
    scopes: Sequence[str] | None,
    expires_at: int | None,
    origins: Sequence[str] | None,
    idempotency_key: str | None,
) -> Call[wire.NewKey]:
    body = body_of(
        name=name,
        scopes=None if scopes is None else list(scopes),
        expiresAt=expires_at,
        origins=None if origins is None else list(origins),
    )
    return Call("POST", _agent(agent_id, "api-keys"), wire.NewKey, json=body, headers=_once(idempotency_key))


def keys(agent_id: str) -> Call[wire.KeyList]:
    return Call("GET", _agent(agent_id, "api-keys"), wire.KeyList)


def revoke_key_path(agent_id: str, key_id: str) -> str:
    return _agent(agent_id, "api-keys", key_id)


def ask(agent_id: str, prompt: str, session_id: str | None) -> Call[wire.Answer]:
    body = body_of(prompt=prompt, sessionId=session_id)
    return Call("POST", _agent(agent_id, "invocations"), wire.Answer, json=body)


def voice_ticket(agent_id: str, origin: str | None) -> Call[wire.TicketView]:
    return Call("POST", _agent(agent_id, "voice-tickets"), wire.TicketView, json=body_of(origin=origin))


def conversations(agent_id: str, limit: int, cursor: str | None) -> Call[wire.ConversationPage]:
    return Call("GET", _agent(agent_id, "conversations"), wire.ConversationPage, _page(limit, cursor))


def conversation(conversation_id: str) -> Call[wire.ConversationDetail]:
    return Call("GET", conversation_path(conversation_id), wire.ConversationDetail)


def conversation_path(conversation_id: str) -> str:
    return f"/api/conversations/{quote(conversation_id, safe='')}"


def find_conversations(limit: int, cursor: str | None, **filters: Any) -> Call[wire.ConversationPage]:
    return Call("GET", "/api/conversations", wire.ConversationPage, {**body_of(**filters), **_page(limit, cursor)})


def analytics(since: int, until: int | None, agent_id: str | None, offset_minutes: int) -> Call[wire.AnalyticsView]:
    params = body_of(since=since, until=until, agentId=agent_id, offsetMinutes=offset_minutes)
    return Call("GET", "/api/analytics", wire.AnalyticsView, params)


def knowledge_use(agent_id: str, since: int) -> Call[wire.KnowledgeUseView]:
    return Call("GET", _agent(agent_id, "knowledge-use"), wire.KnowledgeUseView, {"since": since})


def check_sop(sop: str, tools: list[dict[str, Any]] | None) -> Call[wire.SopCheckView]:
    return Call("POST", "/api/sop/check", wire.SopCheckView, json=body_of(sop=sop, tools=tools))


def search(agent_id: str, query: str, version: int | None) -> Call[wire.SearchView]:
    return Call("POST", _agent(agent_id, "searches"), wire.SearchView, json=body_of(query=query, version=version))


def recording_path(conversation_id: str) -> str:
    return f"/api/conversations/{quote(conversation_id, safe='')}/audio"


def live_calls(agent_id: str | None) -> Call[wire.CallList]:
    return Call("GET", "/api/calls", wire.CallList, {"agentId": agent_id} if agent_id else {})


def operator_ticket(conversation_id: str) -> Call[wire.TicketView]:
    return Call("POST", f"/api/conversations/{quote(conversation_id, safe='')}/operator-tickets", wire.TicketView)


def begin_upload(files: Sequence[Mapping[str, Any]]) -> Call[wire.NewUpload]:
    return Call("POST", "/api/uploads", wire.NewUpload, json={"files": list(files)})


def upload(upload_id: str) -> Call[wire.UploadView]:
    return Call("GET", upload_path(upload_id), wire.UploadView)


def upload_path(upload_id: str) -> str:
    return f"/api/uploads/{quote(upload_id, safe='')}"


def upload_part_path(upload_id: str, sha256: str) -> str:
    return f"{upload_path(upload_id)}/files/{sha256}"


def create_webhook(url: str, events: Sequence[str], idempotency_key: str | None) -> Call[wire.NewWebhook]:
    body = {"url": url, "events": list(events)}
    return Call("POST", "/api/webhooks", wire.NewWebhook, json=body, headers=_once(idempotency_key))


def webhooks() -> Call[wire.WebhookList]:
    return Call("GET", "/api/webhooks", wire.WebhookList)


def delete_webhook_path(webhook_id: str) -> str:
    return f"/api/webhooks/{quote(webhook_id, safe='')}"


def system() -> Call[wire.SystemView]:
    return Call("GET", "/api/system", wire.SystemView)
