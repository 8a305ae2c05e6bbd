"""Target of a command: the Oratio it talks to, its token, and the agent it names."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from oratio.cli.machine.local import DEFAULT_USER, issue
from oratio.cli.options import settings_of
from oratio.errors import Conflict, NotFound, Unavailable
from oratio.settings import Settings

if TYPE_CHECKING:
    from oratio.client import Client
    from oratio.protocol.http import AgentSummary

_TOKEN_S = 12 * 3600


def connect(data: Path | None, api: str | None, token: str | None) -> "Client":
    """Return a client of the Oratio that the options name; else of the one that runs on the data folder.

    Raises:
        Unavailable: Nothing runs on the data folder.
        InvalidInput: It has an outside issuer, or is elsewhere, and no token was given.
    """
    from oratio.client import Client

    settings = settings_of(data)
    given = token or (settings.client.api_token.get_secret_value() if settings.client.api_token else None)
    base = api or settings.client.api_url
    if base is None:
        base = _running(settings)
        given = given or issue(settings, DEFAULT_USER, _TOKEN_S)
    if given is None:
        raise Unavailable(f"no operator token for {base}", hint="give one with --token, or in ORATIO_API_TOKEN")
    return Client(base, token=given)


def _running(settings: Settings) -> str:
    from oratio.cli.supervisor.run_folder import RunFolder

    folder = RunFolder(settings.data)
    record = folder.read() if folder.holder() else None
    url = next((entry.url for entry in record.services if entry.name == "api"), None) if record else None
    if url is None:
        raise Unavailable(
            f"no Oratio runs on {settings.data}", hint="start it with `oratio up`, or give --api URL --token T"
        )
    return url


def agent_id(client: "Client", name: str) -> str:
    """Return the id of the one agent with this id, this name, or this start of an id.

    Raises:
        NotFound: There is none.
        Conflict: There are several.
    """
    return pick(list(client.all_agents()), name)


def pick(agents: Sequence["AgentSummary"], name: str) -> str:
    """Pick the agent as `agent_id` does, from a list."""
    exact = [agent for agent in agents if agent.agent_id == name]
    named = [agent for agent in agents if agent.agent_name == name]
    prefixed = [agent for agent in agents if name and agent.agent_id.startswith(name)]
    found = exact or named or prefixed
    if not found:
        raise NotFound(f"there is no agent {name!r}", hint="`oratio agents list` shows them")
    if len(found) > 1:
        ids = ", ".join(agent.agent_id for agent in found)
        raise Conflict(f"{len(found)} agents fit {name!r} ({ids})", hint="give the id")
    return found[0].agent_id
