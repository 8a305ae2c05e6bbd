"""Commands `oratio calls` and `oratio listen`: calls in progress, and an operator's part in one, in writing."""

import asyncio
import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import console, one_line, print_json, say, table, warn, when
from oratio.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oratio.client.operator import OperatorLine
    from oratio.protocol.http import CallView

_HELP = "/take, then type what to say; /back [NOTE], /whisper TEXT, /end, /quit"
_NAMES = {"user": "caller", "assistant": "agent", "operator": "operator"}


def register(app: typer.Typer) -> None:
    app.command()(calls)
    app.command()(listen)


def calls(as_json: Json = False, data: Data = None, api: Api = None, token: Token = None) -> None:
    """List the calls in progress."""
    from oratio.cli.target import connect

    with connect(data, api, token) as client:
        found = client.live_calls()
    if as_json:
        print_json(found)
        return
    if not found.calls:
        say("no calls")
        return
    shown = table("CALL", "AGENT", "SINCE", "WITH", "WANTS A HUMAN BECAUSE")
    for call in found.calls:
        who = f"operator {call.operator}" if call.operator else "agent"
        reason = one_line(call.handoff.reason) if call.handoff else ""
        shown.add_row(call.conversation_id, one_line(call.agent_name), when(call.started_at), who, reason)
    console().print(shown)


def listen(
    call: Annotated[str, typer.Argument(metavar="CALL", help="Id of the call, or the start of one.")],
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Join a call in progress: read the transcript, whisper to the agent, take the call over and hand it back.

    Lines typed are said to the caller while you have the call, and whispered to the agent while you do not.
    """
    from oratio.cli.target import connect

    with connect(data, api, token) as client:
        ticket = client.operator_ticket(pick(client.live_calls().calls, call).conversation_id)
    asyncio.run(_listen(ticket.websocket_url, ticket.ticket))


def pick(found: "Sequence[CallView]", name: str) -> "CallView":
    """Return the one call whose id starts with `name`.

    Raises:
        NotFound: There is none.
        Conflict: There are several.
    """
    fitting = [call for call in found if call.conversation_id.startswith(name)]
    if not fitting:
        raise NotFound(f"no call {name} is in progress", hint="see `oratio calls`")
    if len(fitting) > 1:
        raise Conflict(f"{len(fitting)} calls start with {name}", hint="give more of the id")
    return fitting[0]


async def _listen(url: str, ticket: str) -> None:
    from oratio.client.operator import OperatorLine

    async with OperatorLine(url, ticket) as line:
        for entry in line.ready["transcript"]:
            say(f"{_NAMES.get(entry['role'], entry['role'])}: {one_line(entry['text'])}")
        if sys.stdin.isatty():
            warn(_HELP)
        has_call = asyncio.Event()
        obeying = asyncio.create_task(_obey(line, has_call))
        try:
            async for event in line:
                if not isinstance(event, bytes):  # bytes are sound, which a terminal does not play
                    _show(event.type, event.data, has_call)
        finally:
            obeying.cancel()
            await asyncio.wait([obeying])


def _show(kind: str, data: "Mapping[str, Any]", has_call: asyncio.Event) -> None:
    match kind:
        case "transcript.done" if data["text"]:
            say(f"{_NAMES.get(data['role'], data['role'])}: {one_line(data['text'])}")
        case "operator.mode":
            if data["mode"] == "takeover":
                has_call.set()
            else:
                has_call.clear()
            say(f"({'you have' if has_call.is_set() else (data['operator'] or 'the agent') + ' has'} the call)")
        case "handoff.started":
            say(f"(a human is wanted: {one_line(data['reason'])})")
        case "handoff.failed":
            say("(no human came; the caller is asked for a message)")
        case "error":
            warn(one_line(data["message"]))
        case "session.ended":
            say(f"(the call is over: {data['reason']})")


async def _obey(line: "OperatorLine", has_call: asyncio.Event) -> None:
    """Carry out typed commands; the end of the input does not end the call."""
    typed = _typed_lines()
    while (text := await typed.get()) is not None:
        word, _, rest = text.strip().partition(" ")
        match word:
            case "":
                continue
            case "/take":
                await line.take_over()
                await has_call.wait()
            case "/back":
                await line.hand_back(rest or None)
                has_call.clear()
            case "/whisper":
                await line.whisper(rest)
            case "/end":
                await line.end_call()
            case "/quit":
                await line.close()
                return
            case _ if word.startswith("/"):
                warn(_HELP)
            case _ if has_call.is_set():
                await line.say(text.strip())
            case _:
                await line.whisper(text.strip())


def _typed_lines() -> "asyncio.Queue[str | None]":
    """Return a queue of standard input's lines, read in a thread that does not delay the exit; None is the end."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the call, and the loop with it, may be over
            for text in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, text)
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return lines
