"""Commands of `oratio keys`: API keys of an agent."""

from typing import Annotated

import typer

from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import console, print_json, say, table, warn, when
from oratio.domain.api_keys import Scope

Agent = Annotated[str, typer.Argument(metavar="AGENT", help="Id, the beginning of one, or name.")]

keys = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")


@keys.command()
def create(
    agent: Agent,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")] = "cli",
    scope: Annotated[list[Scope] | None, typer.Option("--scope", help="Repeatable; default: all.")] = None,
    expires: Annotated[str | None, typer.Option("--expires", help="Lifetime: 12h, 30d.")] = None,
    origin: Annotated[list[str] | None, typer.Option("--origin", help="Web origin allowed; repeatable.")] = None,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Create a key and show it, this once."""
    import time

    from oratio.cli.machine.local import parse_ttl
    from oratio.cli.target import agent_id, connect

    expires_at = int(time.time() + parse_ttl(expires)) * 1000 if expires else None
    with connect(data, api, token) as client:
        made = client.create_key(
            agent_id(client, agent),
            name,
            scopes=[entry.value for entry in scope] if scope else None,
            expires_at=expires_at,
            origins=origin,
        )
    if as_json:
        print_json(made)
        return
    say(made.key)
    warn(f"key {made.key_id} is shown only now; keep it safe")


@keys.command("list")
def list_keys(agent: Agent, as_json: Json = False, data: Data = None, api: Api = None, token: Token = None) -> None:
    """List an agent's keys by prefix and last use."""
    from rich.text import Text

    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        found = client.keys(agent_id(client, agent))
    if as_json:
        print_json(found)
        return
    view = table("id", "name", "prefix", "scopes", "created", "expires", "last use", "revoked")
    for key in found.keys:
        times = map(when, (key.created_at, key.expires_at, key.last_used_at, key.revoked_at))
        view.add_row(key.key_id, Text(key.name), key.prefix, " ".join(key.scopes), *times)
    console().print(view)


@keys.command()
def revoke(
    agent: Agent,
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID")],
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Revoke a key for good."""
    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        client.revoke_key(agent_id(client, agent), key_id)
    if as_json:
        print_json({"keyId": key_id, "revoked": True})
    else:
        say(f"{key_id} is revoked")
