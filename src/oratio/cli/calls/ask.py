"""Command `oratio ask`: one text turn, or a chat."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import console, print_json, printable
from oratio.domain.conversations.conversation import Citation

if TYPE_CHECKING:
    from oratio.protocol.http import Answer


def register(app: typer.Typer) -> None:
    app.command()(ask)


def ask(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Id, the beginning of one, or name.")],
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", help="Without one: a chat.")] = None,
    session: Annotated[str | None, typer.Option("--session", metavar="ID", help="Continue a conversation.")] = None,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Ask an agent; print the answer, its sources, and a hand-off if there is one."""
    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        chosen = agent_id(client, agent)
        for prompt in [question] if question is not None else _prompts():
            answer = client.ask(chosen, prompt, session_id=session)
            session = answer.session_id
            if as_json:
                print_json(answer)
            else:
                show(answer)


def _prompts() -> Iterator[str]:
    """Yield typed lines, until an empty one or the end of input."""
    while True:
        if sys.stdin.isatty():
            sys.stdout.write("> ")
            sys.stdout.flush()
        line = sys.stdin.readline().strip()
        if not line:
            return
        yield line


def show(answer: "Answer") -> None:
    from rich.text import Text

    page = console()
    page.print(Text(printable(answer.answer)))
    for line in sources(answer.citations):
        page.print(Text(printable(f"  {line}"), style="dim"))
    if answer.handoff:
        page.print(Text(printable(f"hand-off: {answer.handoff.reason}"), style="yellow"))
        page.print(Text(printable(f"  {answer.handoff.summary}"), style="dim"))


def sources(citations: Sequence[Citation]) -> list[str]:
    """Return a line for each cited place: path, page, heading; each place once, best first."""
    lines = []
    for citation in citations:
        line = citation.path
        if citation.page:
            line += f", page {citation.page}"
        if citation.heading:
            line += f", {citation.heading}"
        lines.append(line)
    return list(dict.fromkeys(lines))
