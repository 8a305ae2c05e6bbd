"""The host's side of an agent's calls: retrieval, the model and the hand-off, for exactly one agent version.

Nothing that an agent sends names a tenant, an agent or a knowledge base: the descriptor it sends on does.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Set
from contextlib import AbstractContextManager
from typing import Any, cast

from strands.models import Model
from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException

from oratio import tracing
from oratio.agent_host.metrics import AgentHostMetrics
from oratio.agent_host.model_requests import BadRequest, ModelRequest, read_model_request
from oratio.agentkit.drills import StagedDrill
from oratio.agentkit.platform.framing import BadFrame, encode, read_frame
from oratio.domain.knowledge.knowledge_base import Passage
from oratio.domain.plan.agent_plan import AgentPlan
from oratio.domain.refs import VersionRef
from oratio.errors import OratioError
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 2 * 1024 * 1024
MAX_QUERY_CHARS = 2_000
MAX_TEXT_CHARS = 4_000
REQUEST_TIMEOUT_S = 10.0
PASSAGES = 6
_OPERATIONS = frozenset({"search", "handOff", "model"})


class CallRate:
    """Limits of one agent's calls: `burst` at once, `per_second` in the long run, `concurrent` unanswered."""

    def __init__(
        self,
        per_second: float = 50.0,
        burst: float = 100.0,
        concurrent: int = 16,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._concurrent = concurrent
        self._monotonic = monotonic
        self._bucket = TokenBucket(per_second, burst, monotonic() * 1000)

    def admit(self, running: int) -> bool:
        """Return True if one more call may be made while `running` are, and count it."""
        return running < self._concurrent and self._bucket.take(1, self._monotonic() * 1000)


class AgentGateway:
    """Serves one agent process over its control socket until `close`.

    Attributes:
        served_paths: Paths of the documents this process was given passages of.

    Args:
        drill: Staged for every call; only for a process that no caller reaches.
        traces: The spans of the turns in flight, kept by the process's owner.
    """

    def __init__(
        self,
        control: socket.socket,
        *,
        ref: VersionRef,
        engine_id: str,
        plan: AgentPlan,
        knowledge: KnowledgeBases,
        model: Model,
        rate: CallRate | None = None,
        drill: StagedDrill | None = None,
        traces: Set[str] = frozenset(),
        metrics: AgentHostMetrics | None = None,
    ) -> None:
        self.served_paths: set[str] = set()
        self._control = control
        self._ref = ref
        self._engine_id = engine_id
        self._plan = plan
        self._knowledge = knowledge
        self._model = model
        self._rate = rate or CallRate()
        self._drill = drill
        self._traces = traces
        self._metrics = metrics or AgentHostMetrics()
        self._calls: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        self._control.setblocking(False)
        self._loop.add_reader(self._control, self._readable)

    def close(self) -> None:
        if self._control.fileno() >= 0:
            self._loop.remove_reader(self._control)
            self._control.close()
        for call in self._calls:
            call.cancel()

    def _readable(self) -> None:
        """Hand out one connected socket per byte asked; a byte alone says that the agent asks too much."""
        try:
            asked = len(self._control.recv(16))
            if not asked:
                self.close()
            for _ in range(asked):
                if not self._rate.admit(len(self._calls)):
                    self._control.send(b"\x00")
                    continue
                ours, theirs = socket.socketpair()
                with theirs:
                    socket.send_fds(self._control, [b"\x01"], [theirs.fileno()])
                call = self._loop.create_task(self._call(ours))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
        except OSError:
            self.close()

    async def _call(self, sock: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=sock)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                request = await read_frame(reader, limit=MAX_REQUEST_BYTES)
            if request is not None:
                await self._observed(request, reader, writer)
        except (BadFrame, BadRequest):
            self._refuse(writer, "bad_request")
        except TimeoutError:
            self._refuse(writer, "timeout")
        except ConnectionError:
            pass  # the agent no longer waits
        except OratioError as error:
            self._refuse(writer, error.code)
        except Exception as error:
            # The edge of a call: whatever a model or an index raises ends this call only.
            logger.error("agent_id=<%s>, error=<%s> | gateway call failed", self._ref.agent_id, type(error).__name__)
            self._refuse(writer, "unavailable")
        finally:
            with contextlib.suppress(OSError):
                writer.close()
                await writer.wait_closed()

    async def _observed(
        self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        operation = request.get("op") if request.get("op") in _OPERATIONS else "other"
        outcome = "error"
        begun = time.perf_counter()
        try:
            with self._span(f"agent {operation}", request.get("trace")):
                await self._answer(request, reader, writer)
            outcome = "ok"
        finally:
            self._metrics.calls.labels(operation, outcome).inc()
            self._metrics.call_seconds.labels(operation).observe(time.perf_counter() - begun)

    def _span(self, name: str, trace: object) -> AbstractContextManager[object]:
        """A span of the turn the agent names; of the only one there is when it names none; of none otherwise."""
        known = trace if isinstance(trace, str) and trace in self._traces else None
        if known is None and len(self._traces) == 1:
            known = next(iter(self._traces))
        return tracing.span(name, parent=known, agent_id=self._ref.agent_id) if known else contextlib.nullcontext()

    @staticmethod
    def _refuse(writer: asyncio.StreamWriter, code: str) -> None:
        with contextlib.suppress(OSError):
            writer.write(encode({"error": code}))

    async def _answer(
        self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match request.get("op"):
            case "search":
                writer.write(encode(await self._search(request)))
            case "handOff":
                writer.write(encode(self._hand_off(request)))
            case "model":
                await self._think(read_model_request(request), reader, writer)
                return
            case _:
                raise BadRequest("unknown operation")
        await writer.drain()

    async def _search(self, request: dict[str, Any]) -> dict[str, Any]:
        query = _text(request, "query", MAX_QUERY_CHARS)
        if self._drill and (staged := self._drill.passages()) is not None:
            return {"passages": staged}
        passages = await asyncio.to_thread(
            self._knowledge.retrieve, self._engine_id, query, version=self._ref.version, limit=PASSAGES
        )
        self.served_paths.update(passage.path for passage in passages)
        return {"passages": [_wire(passage) for passage in passages]}

    def _hand_off(self, request: dict[str, Any]) -> dict[str, Any]:
        _text(request, "reason", MAX_TEXT_CHARS)
        _text(request, "summary", MAX_TEXT_CHARS)
        logger.info("agent_id=<%s> | hand-off requested", self._ref.agent_id)
        return {"announcement": self._plan.handoff.announcement}

    async def _think(self, request: ModelRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Stream the model's events; stop as soon as the agent closes its end."""
        thinking = asyncio.ensure_future(self._stream(request, writer))
        hung_up = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({thinking, hung_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hung_up.cancel()
            if not thinking.done():
                thinking.cancel()
        if thinking.done():
            await thinking

    async def _stream(self, request: ModelRequest, writer: asyncio.StreamWriter) -> None:
        try:
            events = self._model.stream(
                request.messages, request.tool_specs, request.system_prompt, tool_choice=request.tool_choice
            )
            async for event in events:
                self._count(cast(dict[str, Any], event))
                with contextlib.suppress(BadFrame):  # an event that is no JSON (redacted reasoning) stays here
                    writer.write(encode({"event": cast(dict[str, Any], event)}))
                await writer.drain()
            writer.write(encode({"end": True}))
            await writer.drain()
        except ModelThrottledException:
            self._refuse(writer, "throttled")
        except ContextWindowOverflowException:
            self._refuse(writer, "context_overflow")

    def _count(self, event: dict[str, Any]) -> None:
        usage = event.get("metadata", {}).get("usage") if "metadata" in event else None
        if usage:
            self._metrics.tokens.labels("input").inc(usage.get("inputTokens", 0))
            self._metrics.tokens.labels("output").inc(usage.get("outputTokens", 0))


def _text(request: dict[str, Any], name: str, limit: int) -> str:
    value = request.get(name)
    if not isinstance(value, str) or len(value) > limit:
        raise BadRequest(f"{name} is not a text of at most {limit} characters")
    return value


def _wire(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.passage_id,
        "path": passage.path,
        "page": passage.page,
        "heading": passage.heading,
        "text": passage.text,
        "excerpt": passage.excerpt,
        "score": passage.score,
        "similarity": passage.similarity,
    }
