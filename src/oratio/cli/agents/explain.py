"""Command `oratio explain`: the sources behind each reply of a stored conversation."""

from typing import TYPE_CHECKING, Annotated

import typer

from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import console, print_json, printable, say, when
from oratio.errors import NotFound

if TYPE_CHECKING:
    from oratio.authoring.explanation import ExplainedReply, Explanation
    from oratio.client import Client

_DIGEST = 12


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Id, the beginning of one, or name.")],
    conversation: Annotated[
        str | None, typer.Argument(metavar="CONVERSATION", help="Its id. Without one: the newest.")
    ] = None,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Show, for each reply, the SOP lines, files and tools behind it, and the version of code and prompt."""
    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        found = explanation(client, agent_id(client, agent), conversation)
    if as_json:
        print_json(found)
    else:
        show(found)


def explanation(client: "Client", agent_id: str, conversation_id: str | None) -> "Explanation":
    """Return a conversation explained by the version that held it.

    Raises:
        NotFound: The agent has no such conversation, or none at all.
    """
    from oratio.authoring.explanation import Explanation, explained

    if conversation_id is None:
        newest = client.conversations(agent_id, limit=1).conversations
        if not newest:
            raise NotFound("this agent has no conversation yet", hint="start one with `oratio ask`")
        conversation_id = newest[0].conversation_id
    stored = client.conversation(conversation_id)
    head = stored.conversation
    if head.agent_id != agent_id:
        raise NotFound(f"there is no conversation {conversation_id!r} of this agent")
    version = client.version(agent_id, head.version)
    return Explanation(
        agent_id=agent_id,
        conversation_id=head.conversation_id,
        version=head.version,
        code_sha256=version.code_sha256,
        prompt_sha256=version.prompt_sha256,
        plan_sha256=version.plan_sha256,
        replies=explained(version.sop, stored.transcript),
    )


def show(found: "Explanation") -> None:
    """Print the explanation as a page to read."""
    from rich.text import Text

    say(f"conversation {found.conversation_id} with version {found.version}")
    say(f"code {_short(found.code_sha256)}, prompt {_short(found.prompt_sha256)}, plan {_short(found.plan_sha256)}")
    page = console()
    for reply in found.replies:
        cut = " (cut off by the caller)" if reply.interrupted else ""
        page.print(Text(f"\n{when(reply.at)}", style="dim"))
        page.print(Text(printable(f"> {reply.prompt}")))
        page.print(Text(printable(f"< {reply.answer}{cut}")))
        for line in behind(reply):
            page.print(Text(printable(f"    {line}"), style="dim"))


def _short(digest: str | None) -> str:
    return digest[:_DIGEST] if digest else "-"


def behind(reply: "ExplainedReply") -> list[str]:
    """Return a line for each SOP line, passage and tool behind a reply, and for a hand-off."""
    from oratio.cli.calls.ask import sources

    lines = [f"SOP line {line.number}: {line.text.strip()}" for step in reply.steps for line in step.lines]
    lines += [f"file: {source}" for source in sources(reply.citations)]
    lines += [f"tool: {call.name} ({call.status}, {call.ms} ms)" for call in reply.tool_calls]
    if reply.handoff:
        lines.append(f"hand-off: {reply.handoff.reason}")
    return list(dict.fromkeys(lines)) or [f"neither SOP nor documents: {reply.model or 'the model'}'s own words"]
