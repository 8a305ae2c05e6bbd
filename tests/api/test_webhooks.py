"""Webhooks: registered over HTTP, delivered signed and in order, never into a private network."""

import asyncio
import dataclasses
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx
import pytest
import standardwebhooks

from oratio.adapters.http_webhooks import HttpWebhookSender
from oratio.adapters.local.outbox import SqliteOutbox
from oratio.api import background_jobs
from oratio.bootstrap import build_services
from oratio.client import AsyncClient
from oratio.domain import webhook as rules
from oratio.domain.agents.agent import AgentFailure, AgentStatus, with_status
from oratio.domain.conversations.conversation import Channel, Handoff, TurnResult
from oratio.domain.webhook import RETRY_AFTER_S, WebhookEvent
from oratio.settings import Settings
from tests.api.conftest import World, assert_problem, create
from tests.fakes.clock import FakeClock

ALL = [str(event) for event in WebhookEvent]


class WebhookReceiver:
    """A tenant's server on loopback; answers with `status`, remembers what came."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.more = ""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.requests]

    def types(self) -> list[str]:
        return [body["type"] for body in self.bodies()]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((head, headers, body))
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n{self.more}\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def _receiving() -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with _receiving() as receiver:
        yield receiver


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def world(configure: Callable[..., Settings]) -> World:
    return World(configure(webhook_allow_private=True))


async def _register(client: httpx.AsyncClient, receiver: WebhookReceiver, events: list[str] = ALL) -> dict[str, Any]:
    made = await client.post("/api/webhooks", json={"url": receiver.url, "events": events})
    assert made.status_code == 201, made.text
    return dict(made.json())


async def _deliver_all(world: World) -> int:
    tried = 0
    while found := await world.services.webhooks.deliver():
        tried += found
    return tried


async def test_a_secret_is_shown_once_and_stored_nowhere(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver
) -> None:
    made = await _register(client, receiver, ["agent.active"])

    listed = (await client.get("/api/webhooks")).json()["webhooks"]

    assert listed == [{name: made[name] for name in ("webhookId", "url", "events", "createdAt")}]
    assert made["secret"].startswith("whsec_")
    for file in world.data.glob("oratio.db*"):
        assert made["secret"].encode() not in file.read_bytes()


async def test_a_delivery_is_signed_over_time_and_body(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver
) -> None:
    secret = (await _register(client, receiver))["secret"]
    agent_id = await create(client)
    world.go_live("alice", agent_id)

    assert await _deliver_all(world) == 2

    head, headers, body = receiver.requests[0]
    assert head == "POST /hook HTTP/1.1"
    assert headers["content-type"] == "application/json"
    timestamp, _, given = headers["oratio-signature"].removeprefix("t=").partition(",v1=")
    wanted = hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    assert given == wanted
    assert abs(int(timestamp) - world.platform.clock.now_ms() // 1000) < 60
    told = json.loads(body)
    assert told["id"] == headers["oratio-event-id"]
    assert (told["type"], told["agentId"], told["data"]["version"]) == ("version.activated", agent_id, 1)
    assert receiver.types() == ["version.activated", "agent.active"]


async def test_a_receiver_verifies_a_delivery_with_the_standard_webhooks_library(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver
) -> None:
    receiver.status = "500 Internal Server Error"
    secret = (await _register(client, receiver, ["agent.active"]))["secret"]
    world.go_live("alice", await create(client))
    await world.services.webhooks.deliver()
    _, headers, body = receiver.requests[0]
    verifier = standardwebhooks.Webhook(secret)

    assert verifier.verify(body, headers)["id"] == headers["webhook-id"] == headers["oratio-event-id"]

    other = "whsec_" + "0" * 64
    for key, given, changed in ((secret, body + b" ", {}), (other, body, {}), (secret, body, {"webhook-id": "x"})):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(key).verify(given, headers | changed)


async def test_each_event_is_told_once(world: World, client: httpx.AsyncClient, receiver: WebhookReceiver) -> None:
    await _register(client, receiver)
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    failing = await create(client)
    agent = with_status(world.agent("alice", failing), AgentStatus.FAILED, 5)
    error = AgentFailure(step="ingest_folder", code="internal", message="it stopped")
    world.platform.agents.save(agent.model_copy(update={"error": error}))
    handoff = Handoff(reason="asked", summary="wants a person")
    world.runtime.result = TurnResult(answer="One moment.", answered=True, handoff=handoff)
    url = f"/api/agents/{agent_id}/invocations"
    session = (await client.post(url, json={"prompt": "A human, please"})).json()["sessionId"]
    await client.post(url, json={"prompt": "Are you there?", "sessionId": session})
    await world.services.human_side.handoff_failed("alice", session, "no_operator", "Call me back")
    world.runtime.result = TurnResult(answer="Hi.", answered=True)
    spoken = world.services.conversations.stream("alice", agent_id, "Hello?", "spoken-session", channel=Channel.VOICE)
    [event async for event in spoken]
    for _ in range(2):
        await world.services.conversations.close("alice", "spoken-session")

    await _deliver_all(world)

    told = {body["type"]: body for body in receiver.bodies()}
    assert sorted(receiver.types()) == sorted(ALL)
    assert told["agent.failed"]["data"]["code"] == "internal"
    assert told["handoff.requested"]["data"]["summary"] == "wants a person"
    assert told["handoff.failed"]["data"]["conversationId"] == session
    assert told["conversation.ended"]["data"]["conversationId"] == "spoken-session"


async def test_only_what_was_asked_for_is_told_and_only_to_its_tenant(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver
) -> None:
    await _register(client, receiver, ["agent.active"])
    async with world.client("bob") as bob:
        world.go_live("bob", await create(bob))
    assert await _deliver_all(world) == 0
    world.go_live("alice", await create(client))
    await _deliver_all(world)
    assert receiver.types() == ["agent.active"]


def _on_a_clock(world: World, clock: FakeClock) -> None:
    outbox = SqliteOutbox(world.platform.agents._database, clock)  # type: ignore[attr-defined]
    world.platform = dataclasses.replace(world.platform, outbox=outbox, clock=clock)
    world.services = build_services(world.platform)


async def test_a_failed_delivery_is_tried_again_with_back_off_and_keeps_the_order(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver, clock: FakeClock
) -> None:
    await _register(client, receiver)
    _on_a_clock(world, clock)
    world.go_live("alice", await create(client))
    receiver.status = "500 Oh"

    assert await _deliver_all(world) == 1
    assert await _deliver_all(world) == 0
    for wait in RETRY_AFTER_S[:3]:
        clock.advance(wait - 0.001)
        assert await _deliver_all(world) == 0
        clock.advance(0.001)
        assert await _deliver_all(world) == 1
    receiver.status = "200 OK"
    clock.advance(RETRY_AFTER_S[3])
    assert await _deliver_all(world) == 2

    assert receiver.types() == ["version.activated"] * 5 + ["agent.active"]
    assert len({body["id"] for body in receiver.bodies()[:5]}) == 1
    assert len({body for _, _, body in receiver.requests[:5]}) == 1


async def test_agents_do_not_wait_for_one_another(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver, clock: FakeClock
) -> None:
    await _register(client, receiver, ["agent.active"])
    _on_a_clock(world, clock)
    receiver.status = "500 Oh"
    world.go_live("alice", await create(client))
    await _deliver_all(world)
    receiver.status = "200 OK"
    second = await create(client)
    world.go_live("alice", second)
    await _deliver_all(world)
    assert receiver.bodies()[-1]["agentId"] == second


async def test_a_delivery_is_given_up_after_its_last_try(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver, clock: FakeClock
) -> None:
    await _register(client, receiver, ["agent.active"])
    _on_a_clock(world, clock)
    world.go_live("alice", await create(client))
    receiver.status = "410 Gone"
    for _ in range(len(RETRY_AFTER_S) + 5):
        await _deliver_all(world)
        clock.advance(max(RETRY_AFTER_S))
    assert len(receiver.requests) == len(RETRY_AFTER_S) + 1


async def test_what_a_killed_process_had_claimed_is_delivered_by_the_next(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver, clock: FakeClock
) -> None:
    await _register(client, receiver, ["agent.active"])
    _on_a_clock(world, clock)
    world.go_live("alice", await create(client))
    assert len(world.platform.outbox.claim(limit=10, lease_ms=60_000)) == 1

    assert await _deliver_all(world) == 0
    clock.advance(60)
    assert await _deliver_all(world) == 1
    assert receiver.types() == ["agent.active"]


async def test_an_event_whose_record_was_not_written_is_not_told(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver
) -> None:
    await _register(client, receiver)
    stale = world.agent("alice", await create(client))
    world.platform.agents.save(stale)
    with pytest.raises(Exception, match="changed by somebody else"):
        world.platform.agents.save(with_status(stale, AgentStatus.ACTIVE, 5))
    assert await _deliver_all(world) == 0


async def test_deleting_a_webhook_or_an_agent_drops_what_waits(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver
) -> None:
    made = await _register(client, receiver)
    world.go_live("alice", await create(client))
    assert (await client.delete(f"/api/webhooks/{made['webhookId']}")).status_code == 204
    assert_problem(await client.delete(f"/api/webhooks/{made['webhookId']}"), 404, "not_found")
    await _register(client, receiver)
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    await client.delete(f"/api/agents/{agent_id}")
    world.services.deletion.delete_records("alice", agent_id)
    assert await _deliver_all(world) == 0


async def test_the_duties_of_the_process_deliver(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver
) -> None:
    await _register(client, receiver, ["agent.active"])
    world.go_live("alice", await create(client))
    working = asyncio.create_task(background_jobs.run(world.services))
    async with asyncio.timeout(10):
        while not receiver.requests:
            await asyncio.sleep(0.01)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_tenant_has_at_most_twenty(world: World, client: httpx.AsyncClient, receiver: WebhookReceiver) -> None:
    for _ in range(20):
        await _register(client, receiver)
    refused = await client.post("/api/webhooks", json={"url": receiver.url, "events": ["agent.active"]})
    assert_problem(refused, 409, "conflict")


async def test_neither_secrets_nor_words_of_a_conversation_are_logged(
    world: World, client: httpx.AsyncClient, receiver: WebhookReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "oratio")
    secret = (await _register(client, receiver))["secret"]
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    handoff = Handoff(reason="asked", summary="very private words")
    world.runtime.result = TurnResult(answer="One moment.", answered=True, handoff=handoff)
    await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "A human, please"})
    await _deliver_all(world)
    assert "handoff.requested" in caplog.text
    assert secret not in caplog.text
    assert "private words" not in caplog.text


async def test_the_client_speaks_them(world: World, receiver: WebhookReceiver) -> None:
    async with AsyncClient("http://oratio", world.token(), transport=httpx.ASGITransport(world.app)) as oratio:
        made = await oratio.create_webhook(receiver.url, ["agent.failed"])
        assert [known.webhook_id for known in (await oratio.webhooks()).webhooks] == [made.webhook_id]
        await oratio.delete_webhook(made.webhook_id)
        assert (await oratio.webhooks()).webhooks == []


PRIVATE = (
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://localhost/",
    "https://localhost./",
    "https://a.localhost/",
    "https://metadata.google.internal/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]/",
    "https://224.0.0.1/",
    "http://hooks.example/",
    "ftp://hooks.example/",
    "file:///etc/passwd",
    "https://user:word@hooks.example/",
    "https://hooks.example\\@127.0.0.1/",
    "https://hooks.example/#part",
    "https:///path",
    "https://hooks.example:99999/",
    "https://hooks.example/ x",
    "https://hooks.example/\r\nX: y",
    "not an address",
)


@pytest.mark.parametrize("url", PRIVATE)
async def test_addresses_that_may_not_be_called_are_refused(configure: Callable[..., Settings], url: str) -> None:
    world = World(configure())
    async with world.client() as client:
        answer = await client.post("/api/webhooks", json={"url": url, "events": ["agent.active"]})
        assert_problem(answer, 422, "invalid_input", ("url",))
        assert (await client.get("/api/webhooks")).json()["webhooks"] == []


async def test_good_addresses_are_taken(configure: Callable[..., Settings]) -> None:
    async with World(configure()).client() as client:
        for url in ("https://hooks.example/a?b=c", "https://hooks.example:8443/", "https://93.184.216.34/"):
            body = {"url": url, "events": ["agent.active"]}
            assert (await client.post("/api/webhooks", json=body)).status_code == 201


async def test_events_that_do_not_exist_are_refused(client: httpx.AsyncClient) -> None:
    for events in ([], ["agent.deleted"], "agent.active"):
        answer = await client.post("/api/webhooks", json={"url": "https://hooks.example/", "events": events})
        assert answer.status_code == 422


@pytest.mark.parametrize("private", ["10.0.0.5", "127.0.0.1", "::1", "169.254.169.254", "::ffff:10.0.0.1"])
async def test_a_name_with_one_private_address_is_not_called(private: str, receiver: WebhookReceiver) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", private]

    sender = HttpWebhookSender(allow_private=False, resolve=resolve)
    sent = await sender.send("https://hooks.example/", b"{}", {})
    assert not sent.ok
    assert "private" in sent.detail


async def test_a_name_is_resolved_once_and_the_connection_goes_there(receiver: WebhookReceiver) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    url = receiver.url.replace("127.0.0.1", "hooks.example")
    sent = await HttpWebhookSender(allow_private=True, resolve=resolve).send(url, b"{}", {})
    assert sent.ok
    assert asked == ["hooks.example"]
    assert receiver.requests[0][1]["host"].startswith("hooks.example:")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_redirects_are_not_followed(receiver: WebhookReceiver, status: str) -> None:
    receiver.status = status
    receiver.more = f"Location: {receiver.url}/elsewhere\r\n"
    sent = await HttpWebhookSender(allow_private=True).send(receiver.url, b"{}", {})
    assert not sent.ok
    assert len(receiver.requests) == 1


async def test_a_host_that_is_not_there_is_a_failed_try() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    sender = HttpWebhookSender(allow_private=True, resolve=resolve)
    assert not (await sender.send("https://hooks.example/", b"{}", {})).ok
    assert not (await HttpWebhookSender(allow_private=True).send("http://127.0.0.1:1/", b"{}", {})).ok


def test_tries_are_spread_and_end() -> None:
    waits = []
    for attempts in range(1, len(RETRY_AFTER_S) + 1):
        at = rules.next_try_ms(attempts, 0)
        assert at is not None
        waits.append(at)
    assert waits == sorted(waits)
    assert rules.next_try_ms(len(RETRY_AFTER_S) + 1, 0) is None
