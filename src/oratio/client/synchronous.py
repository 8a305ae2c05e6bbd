"""The blocking client. Made from `asynchronous.py` by `make client`: change that file."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from oratio.client import answers, blocking_io, calls
from oratio.client.answers import JsonEvent
from oratio.client.calls import HttpCall
from oratio.client.connection import MAX_LOST, PARTS_AT_ONCE, RECONNECT_S, UPLOAD_TIMEOUT, options
from oratio.client.forms import Brief, Files, Progress
from oratio.domain.agents.journal import AgentEvent
from oratio.errors import Unavailable
from oratio.protocol import http as wire
from oratio.protocol import sse


class Client:
    """The HTTP contract of one Oratio as methods.

    Every method raises the errors of `oratio.errors`: what the server refused by its own class, `Unavailable` when it
    does not answer.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout_s: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            base_url: Of the API, such as `http://127.0.0.1:8400`.
            token: An operator's token, or an agent's API key for `ask` and `voice_ticket`.
            timeout_s: Of each wait, not of a whole call.
            transport: How to reach the server; the network, by default.
        """
        self.base_url = base_url.rstrip("/")
        self._http = httpx.Client(**options(self.base_url, token, timeout_s), transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def create_agent(
        self,
        brief: Brief,
        files: Files,
        *,
        idempotency_key: str | None = None,
        progress: Progress | None = None,
    ) -> wire.Accepted:
        """Submit a folder (a path, or pairs of relative path and file); returns once the server has accepted it."""
        return self._send(calls.create_agent(brief, files, idempotency_key, progress))

    def agents(self, *, limit: int = 50, cursor: str | None = None) -> wire.AgentPage:
        return self._send(calls.agents(limit, cursor))

    def all_agents(self) -> Iterator[wire.AgentSummary]:
        """Every agent of the tenant, newest first, page by page."""
        cursor: str | None = None
        while True:
            page = self.agents(limit=200, cursor=cursor)
            yield from page.agents
            if (cursor := page.next_cursor) is None:
                return

    def agent(self, agent_id: str) -> wire.AgentDetail:
        return self._send(calls.agent(agent_id))

    def events(self, agent_id: str, *, after: int = 0) -> Iterator[AgentEvent]:
        """Changes after `seq`, as they happen, until the agent is settled; a lost connection is taken up again."""
        lost = 0
        while True:
            newest: AgentEvent | None = None
            try:
                headers = {"Last-Event-ID": str(after)}
                for event in self._stream("GET", calls.events_path(agent_id), headers=headers):
                    newest = AgentEvent.model_validate(event.data)
                    lost, after = 0, newest.seq
                    yield newest
            except Unavailable:
                if (lost := lost + 1) > MAX_LOST:
                    raise
            else:
                # A stream that ends on a step was cut by a server that stops: the next one, empty, says it is over.
                if newest is None or answers.is_final(newest):
                    return
            blocking_io.sleep(RECONNECT_S * lost)

    def log(self, agent_id: str, *, after: int = 0) -> wire.EventLog:
        """Changes after `seq` until now; `events` follows them."""
        return self._send(calls.log(agent_id, after))

    def retry(self, agent_id: str) -> wire.Accepted:
        return self._send(calls.retry(agent_id))

    def delete(self, agent_id: str) -> wire.Accepted:
        return self._send(calls.delete(agent_id))

    def create_version(
        self,
        agent_id: str,
        brief: Brief | None = None,
        files: Files = (),
        *,
        delete_files: Iterable[str] = (),
        activate: bool = False,
        idempotency_key: str | None = None,
        progress: Progress | None = None,
    ) -> wire.AcceptedVersion:
        """Start the next version; what is left out stays as it is. With `activate` it goes live once rehearsed."""
        form = brief or Brief()
        return self._send(
            calls.create_version(agent_id, form, files, delete_files, activate, idempotency_key, progress)
        )

    def versions(self, agent_id: str) -> wire.VersionList:
        return self._send(calls.versions(agent_id))

    def version(self, agent_id: str, number: int) -> wire.VersionDetail:
        return self._send(calls.version(agent_id, number))

    def activate(self, agent_id: str, number: int, *, override_reason: str | None = None) -> wire.Activated:
        return self._send(calls.activate(agent_id, number, override_reason))

    def diff(self, agent_id: str, number: int, *, against: int) -> wire.DiffView:
        """What changed from version `against` to `number`."""
        return self._send(calls.diff(agent_id, number, against))

    def replay(self, agent_id: str, number: int, *, conversations: int = 5) -> wire.ReplayView:
        """The newest recorded conversations, asked again of version `number` and of the live one."""
        return self._send(calls.replay(agent_id, number, conversations))

    def create_key(
        self,
        agent_id: str,
        name: str,
        *,
        scopes: Sequence[str] | None = None,
        expires_at: int | None = None,
        origins: Sequence[str] | None = None,
        idempotency_key: str | None = None,
    ) -> wire.NewKey:
        """A new API key, which this answer alone holds; `expires_at` in ms since 1970."""
        return self._send(calls.create_key(agent_id, name, scopes, expires_at, origins, idempotency_key))

    def keys(self, agent_id: str) -> wire.KeyList:
        return self._send(calls.keys(agent_id))

    def revoke_key(self, agent_id: str, key_id: str) -> None:
        answers.check(self._request("DELETE", calls.revoke_key_path(agent_id, key_id)))

    def ask(self, agent_id: str, prompt: str, *, session_id: str | None = None) -> wire.Answer:
        return self._send(calls.ask(agent_id, prompt, session_id))

    def ask_stream(self, agent_id: str, prompt: str, *, session_id: str | None = None) -> Iterator[str | wire.Answer]:
        """One turn as it is said: pieces of text, then the whole answer."""
        call = calls.ask(agent_id, prompt, session_id)
        for event in self._stream("POST", call.path, json=call.json):
            if event.name == "delta":
                yield str(event.data["text"])
            elif event.name == "done":
                yield wire.Answer.model_validate(event.data)
            elif event.name == "error":
                raise answers.error_of(int(event.data.get("status", 500)), event.data)

    def voice_ticket(self, agent_id: str, *, origin: str | None = None) -> wire.TicketView:
        return self._send(calls.voice_ticket(agent_id, origin))

    def conversations(self, agent_id: str, *, limit: int = 50, cursor: str | None = None) -> wire.ConversationPage:
        return self._send(calls.conversations(agent_id, limit, cursor))

    def conversation(self, conversation_id: str) -> wire.ConversationDetail:
        return self._send(calls.conversation(conversation_id))

    def live_calls(self, agent_id: str | None = None) -> wire.CallList:
        """The calls in progress, newest first."""
        return self._send(calls.live_calls(agent_id))

    def operator_ticket(self, conversation_id: str) -> wire.TicketView:
        """A ticket to join a call in progress; see `oratio.client.operator`."""
        return self._send(calls.operator_ticket(conversation_id))

    def find_conversations(
        self,
        *,
        agent_id: str | None = None,
        since: int | None = None,
        until: int | None = None,
        channel: str | None = None,
        outcome: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> wire.ConversationPage:
        """Conversations of all agents or one, newest first, that began between two moments in ms since 1970."""
        filters = {"agentId": agent_id, "since": since, "until": until, "channel": channel, "outcome": outcome}
        return self._send(calls.find_conversations(limit, cursor, **filters))

    def analytics(
        self, *, since: int, until: int | None = None, agent_id: str | None = None, offset_minutes: int = 0
    ) -> wire.AnalyticsView:
        """Figures of conversations that began between two moments; days begin `offset_minutes` east of UTC."""
        return self._send(calls.analytics(since, until, agent_id, offset_minutes))

    def knowledge_use(self, agent_id: str, *, since: int = 0) -> wire.KnowledgeUseView:
        return self._send(calls.knowledge_use(agent_id, since))

    def check_sop(self, sop: str, *, tools: list[dict[str, Any]] | None = None) -> wire.SopCheckView:
        """Compile an SOP without making anything: the flow read back, findings, bindings and a chart."""
        return self._send(calls.check_sop(sop, tools))

    def search(self, agent_id: str, query: str, *, version: int | None = None) -> wire.SearchView:
        """What the agent would find in its documents."""
        return self._send(calls.search(agent_id, query, version))

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation for good, with its transcript and recording."""
        answers.check(self._request("DELETE", calls.conversation_path(conversation_id)))

    def recording(self, conversation_id: str, target: Path) -> None:
        """Write a conversation's WAV to a file.

        Raises:
            NotFound: There is no recording; the file is not made.
        """
        try:
            with self._http.stream("GET", calls.recording_path(conversation_id)) as response:
                if not response.is_success:
                    response.read()
                answers.check(response)
                with target.open("wb") as file:
                    for block in response.iter_bytes():
                        file.write(block)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise answers.unreachable(error, self.base_url) from error

    def upload(self, files: Files) -> wire.UploadView:
        """Send a folder file by file; called again after a broken connection, it sends only what is missing.

        Name the result's `upload_id` in `Brief` to make an agent or a version of it.
        """
        folder = blocking_io.listed(files)
        started = self._send(calls.begin_upload(folder.files))

        def send(sha256: str) -> None:
            path = calls.upload_part_path(started.upload_id, sha256)
            headers = {"Content-Length": str(folder.size(sha256))}
            parts = {"content": blocking_io.body(folder.blocks(sha256)), "headers": headers, "timeout": UPLOAD_TIMEOUT}
            answers.check(self._request("PUT", path, **parts))

        blocking_io.each(send, dict.fromkeys(file.sha256 for file in started.missing), PARTS_AT_ONCE)
        return self._send(calls.upload(started.upload_id))

    def delete_upload(self, upload_id: str) -> None:
        """Forget an upload and its bytes; agents that were made of it keep theirs."""
        answers.check(self._request("DELETE", calls.upload_path(upload_id)))

    def create_webhook(self, url: str, events: Sequence[str], *, idempotency_key: str | None = None) -> wire.NewWebhook:
        """Register an address; the secret its deliveries are signed with is in this answer alone."""
        return self._send(calls.create_webhook(url, events, idempotency_key))

    def webhooks(self) -> wire.WebhookList:
        return self._send(calls.webhooks())

    def delete_webhook(self, webhook_id: str) -> None:
        answers.check(self._request("DELETE", calls.delete_webhook_path(webhook_id)))

    def system(self) -> wire.SystemView:
        return self._send(calls.system())

    def _send[W: wire.Wire](self, call: HttpCall[W]) -> W:
        parts: dict[str, Any] = {"params": call.params, "json": call.json, "headers": dict(call.headers)}
        if call.timeout_s is not None:
            parts["timeout"] = call.timeout_s
        if call.form is not None:
            parts["headers"] |= call.form.headers
            parts |= {"content": blocking_io.body(iter(call.form)), "timeout": UPLOAD_TIMEOUT}
        response = self._request(call.method, call.path, **parts)
        return answers.parse(response, call.model)

    def _request(self, method: str, path: str, **parts: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **parts)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise answers.unreachable(error, self.base_url) from error

    def _stream(self, method: str, path: str, **parts: Any) -> Iterator[JsonEvent]:
        parts["headers"] = {**parts.get("headers", {}), "Accept": sse.MEDIA_TYPE}
        try:
            with self._http.stream(method, path, **parts) as response:
                if not response.is_success:
                    response.read()
                answers.check(response)
                for event in sse.read(response):
                    yield answers.parsed(event)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise answers.unreachable(error, self.base_url) from error
