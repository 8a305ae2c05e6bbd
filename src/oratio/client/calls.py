"""Every call of the API as a value: what to send and what comes back. The two clients only send them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from oratio.client.forms import Brief, Files, Form, Progress, body_of, delete_files
from oratio.protocol import http
from oratio.protocol.http import Wire

REPLAY_TIMEOUT_S = 900.0


class HttpCall[W: Wire](NamedTuple):
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
) -> HttpCall[http.Accepted]:
    form = Form(brief.fields(), files, progress)
    return HttpCall("POST", "/api/agents", http.Accepted, form=form, headers=_once(idempotency_key))


def _once(idempotency_key: str | None) -> Mapping[str, str]:
    return {"Idempotency-Key": idempotency_key} if idempotency_key else {}


def agents(limit: int, cursor: str | None) -> HttpCall[http.AgentPage]:
    return HttpCall("GET", "/api/agents", http.AgentPage, _page(limit, cursor))


def agent(agent_id: str) -> HttpCall[http.AgentDetail]:
    return HttpCall("GET", _agent(agent_id), http.AgentDetail)


def retry(agent_id: str) -> HttpCall[http.Accepted]:
    return HttpCall("POST", _agent(agent_id, "retry"), http.Accepted)


def delete(agent_id: str) -> HttpCall[http.Accepted]:
    return HttpCall("DELETE", _agent(agent_id), http.Accepted)


def events_path(agent_id: str) -> str:
    return _agent(agent_id, "events")


def log(agent_id: str, after: int) -> HttpCall[http.EventLog]:
    return HttpCall("GET", _agent(agent_id, "log"), http.EventLog, {"after": after} if after else {})


def create_version(
    agent_id: str,
    brief: Brief,
    files: Files,
    removed: Iterable[str],
    activate: bool,
    idempotency_key: str | None,
    progress: Progress | None,
) -> HttpCall[http.AcceptedVersion]:
    switch = {"activate": "true"} if activate else {}
    form = Form({**brief.fields(), **delete_files(removed), **switch}, files, progress)
    path = _agent(agent_id, "versions")
    return HttpCall("POST", path, http.AcceptedVersion, form=form, headers=_once(idempotency_key))


def versions(agent_id: str) -> HttpCall[http.VersionList]:
    return HttpCall("GET", _agent(agent_id, "versions"), http.VersionList)


def version(agent_id: str, number: int) -> HttpCall[http.VersionDetail]:
    return HttpCall("GET", _agent(agent_id, "versions", str(number)), http.VersionDetail)


def activate(agent_id: str, number: int, override_reason: str | None) -> HttpCall[http.Activated]:
    path = _agent(agent_id, "versions", str(number), "activate")
    return HttpCall("POST", path, http.Activated, json=body_of(overrideReason=override_reason))


def diff(agent_id: str, number: int, against: int) -> HttpCall[http.DiffView]:
    return HttpCall("GET", _agent(agent_id, "versions", str(number), "diff"), http.DiffView, {"against": against})


def replay(agent_id: str, number: int, conversations: int) -> HttpCall[http.ReplayView]:
    path = _agent(agent_id, "versions", str(number), "replay")
    return HttpCall(
        "POST", path, http.ReplayView, json=body_of(conversations=conversations), timeout_s=REPLAY_TIMEOUT_S
    )


def create_key(
    agent_id: str,
    name: str,
    scopes: Sequence[str] | None,
    expires_at: int | None,
    origins: Sequence[str] | None,
    idempotency_key: str | None,
) -> HttpCall[http.NewKey]:
    body = body_of(
        name=name,
        scopes=None if scopes is None else list(scopes),
        expiresAt=expires_at,
        origins=None if origins is None else list(origins),
    )
    return HttpCall("POST", _agent(agent_id, "api-keys"), http.NewKey, json=body, headers=_once(idempotency_key))


def keys(agent_id: str) -> HttpCall[http.KeyList]:
    return HttpCall("GET", _agent(agent_id, "api-keys"), http.KeyList)


def revoke_key_path(agent_id: str, key_id: str) -> str:
    return _agent(agent_id, "api-keys", key_id)


def ask(agent_id: str, prompt: str, session_id: str | None) -> HttpCall[http.Answer]:
    body = body_of(prompt=prompt, sessionId=session_id)
    return HttpCall("POST", _agent(agent_id, "invocations"), http.Answer, json=body)


def voice_ticket(agent_id: str, origin: str | None) -> HttpCall[http.TicketView]:
    return HttpCall("POST", _agent(agent_id, "voice-tickets"), http.TicketView, json=body_of(origin=origin))


def conversations(agent_id: str, limit: int, cursor: str | None) -> HttpCall[http.ConversationPage]:
    return HttpCall("GET", _agent(agent_id, "conversations"), http.ConversationPage, _page(limit, cursor))


def conversation(conversation_id: str) -> HttpCall[http.ConversationDetail]:
    return HttpCall("GET", conversation_path(conversation_id), http.ConversationDetail)


def conversation_path(conversation_id: str) -> str:
    return f"/api/conversations/{quote(conversation_id, safe='')}"


def find_conversations(limit: int, cursor: str | None, **filters: Any) -> HttpCall[http.ConversationPage]:
    return HttpCall("GET", "/api/conversations", http.ConversationPage, {**body_of(**filters), **_page(limit, cursor)})


def analytics(since: int, until: int | None, agent_id: str | None, offset_minutes: int) -> HttpCall[http.AnalyticsView]:
    params = body_of(since=since, until=until, agentId=agent_id, offsetMinutes=offset_minutes)
    return HttpCall("GET", "/api/analytics", http.AnalyticsView, params)


def knowledge_use(agent_id: str, since: int) -> HttpCall[http.KnowledgeUseView]:
    return HttpCall("GET", _agent(agent_id, "knowledge-use"), http.KnowledgeUseView, {"since": since})


def check_sop(sop: str, tools: list[dict[str, Any]] | None) -> HttpCall[http.SopCheckView]:
    return HttpCall("POST", "/api/sop/check", http.SopCheckView, json=body_of(sop=sop, tools=tools))


def search(agent_id: str, query: str, version: int | None) -> HttpCall[http.SearchView]:
    return HttpCall("POST", _agent(agent_id, "searches"), http.SearchView, json=body_of(query=query, version=version))


def recording_path(conversation_id: str) -> str:
    return f"/api/conversations/{quote(conversation_id, safe='')}/audio"


def live_calls(agent_id: str | None) -> HttpCall[http.CallList]:
    return HttpCall("GET", "/api/calls", http.CallList, {"agentId": agent_id} if agent_id else {})


def operator_ticket(conversation_id: str) -> HttpCall[http.TicketView]:
    return HttpCall("POST", f"/api/conversations/{quote(conversation_id, safe='')}/operator-tickets", http.TicketView)


def begin_upload(files: Sequence[Mapping[str, Any]]) -> HttpCall[http.NewUpload]:
    return HttpCall("POST", "/api/uploads", http.NewUpload, json={"files": list(files)})


def upload(upload_id: str) -> HttpCall[http.UploadView]:
    return HttpCall("GET", upload_path(upload_id), http.UploadView)


def upload_path(upload_id: str) -> str:
    return f"/api/uploads/{quote(upload_id, safe='')}"


def upload_part_path(upload_id: str, sha256: str) -> str:
    return f"{upload_path(upload_id)}/files/{sha256}"


def create_webhook(url: str, events: Sequence[str], idempotency_key: str | None) -> HttpCall[http.NewWebhook]:
    body = {"url": url, "events": list(events)}
    return HttpCall("POST", "/api/webhooks", http.NewWebhook, json=body, headers=_once(idempotency_key))


def webhooks() -> HttpCall[http.WebhookList]:
    return HttpCall("GET", "/api/webhooks", http.WebhookList)


def delete_webhook_path(webhook_id: str) -> str:
    return f"/api/webhooks/{quote(webhook_id, safe='')}"


def system() -> HttpCall[http.SystemView]:
    return HttpCall("GET", "/api/system", http.SystemView)
