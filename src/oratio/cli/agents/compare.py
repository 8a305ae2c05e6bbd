"""Commands `oratio agents diff` and `replay`: two versions side by side before one is activated."""

from typing import Annotated

import typer

from oratio.cli.agents.agents import Agent, agents
from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import print_json

Version = Annotated[int, typer.Argument(metavar="VERSION", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands to the group `oratio agents`."""


@agents.command()
def diff(
    agent: Agent,
    version: Version,
    against: Annotated[
        int | None, typer.Option("--against", metavar="VERSION", min=1, help="Default: the live one.")
    ] = None,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Show the changes between two versions: texts, files, plan, code, prompt, rehearsal."""
    from oratio.cli.agents.compare_views import show_diff
    from oratio.cli.target import agent_id, connect
    from oratio.errors import Conflict

    with connect(data, api, token) as client:
        chosen = agent_id(client, agent)
        base = against or client.agent(chosen).current_version
        if base is None:
            raise Conflict(f"agent {chosen} has no live version", hint="name one with --against")
        found = client.diff(chosen, version, against=base)
    if as_json:
        print_json(found)
    else:
        show_diff(found)


@agents.command()
def replay(
    agent: Agent,
    version: Version,
    conversations: Annotated[
        int, typer.Option("--conversations", metavar="N", min=1, max=50, help="How many of the newest to ask again.")
    ] = 5,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Ask a version and the live one earlier callers' questions and show where they differ; nothing is stored."""
    from oratio.cli.agents.compare_views import show_replay
    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        found = client.replay(agent_id(client, agent), version, conversations=conversations)
    if as_json:
        print_json(found)
    else:
        show_replay(found)
