"""Commands of `oratio webhooks`: the addresses that events are sent to."""

from typing import Annotated

import typer

from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import console, print_json, say, table, warn, when
from oratio.domain.webhook import WebhookEvent

webhooks = typer.Typer(help="Create, list and delete webhooks.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(webhooks, name="webhooks")


@webhooks.command()
def create(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where deliveries go: https, on the open internet.")],
    event: Annotated[list[WebhookEvent] | None, typer.Option("--event", help="Repeatable; default: all.")] = None,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Register an address, and show the secret that signs its deliveries, this once."""
    from oratio.cli.target import connect

    with connect(data, api, token) as client:
        made = client.create_webhook(url, [entry.value for entry in event or WebhookEvent])
    if as_json:
        print_json(made)
        return
    say(made.secret)
    warn(f"the secret of webhook {made.webhook_id} is shown only now; keep it safe")


@webhooks.command("list")
def list_webhooks(as_json: Json = False, data: Data = None, api: Api = None, token: Token = None) -> None:
    """List your webhooks, oldest first."""
    from rich.text import Text

    from oratio.cli.target import connect

    with connect(data, api, token) as client:
        found = client.webhooks()
    if as_json:
        print_json(found)
        return
    if not found.webhooks:
        say("no webhooks yet: create one with `oratio webhooks create`")
        return
    view = table("id", "address", "events", "created")
    for webhook in found.webhooks:
        view.add_row(webhook.webhook_id, Text(webhook.url), " ".join(webhook.events), when(webhook.created_at))
    console().print(view)


@webhooks.command()
def delete(
    webhook_id: Annotated[str, typer.Argument(metavar="WEBHOOK_ID")],
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Remove a webhook; its waiting deliveries are dropped."""
    from oratio.cli.target import connect

    with connect(data, api, token) as client:
        client.delete_webhook(webhook_id)
    if as_json:
        print_json({"webhookId": webhook_id, "deleted": True})
    else:
        say(f"{webhook_id} is deleted")
