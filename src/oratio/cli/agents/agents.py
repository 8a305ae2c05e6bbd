"""Commands of `oratio agents`: create, list, show, retry, activate, delete."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import fail, print_json, say, warn
from oratio.domain.agents.brief import AgentType

if TYPE_CHECKING:
    from oratio.cli.agents.progress import StepView
    from oratio.client import Client
    from oratio.protocol.http import Accepted

Agent = Annotated[str, typer.Argument(metavar="AGENT", help="Id, the beginning of one, or name.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once.")]

agents = typer.Typer(help="Create, list, show, retry, activate and delete agents.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(agents, name="agents")


@agents.command()
def create(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The documents.")],
    name: Annotated[str, typer.Option("--name", help="What the agent is called.")],
    agent_type: Annotated[AgentType, typer.Option("--type", help="How it talks.")],
    sop: Annotated[Path, typer.Option("--sop", metavar="FILE", help="Operating procedure: .md, .txt or .docx.")],
    knowledge: Annotated[str, typer.Option("--knowledge-description", help="When to consult the documents.")],
    handoff: Annotated[str, typer.Option("--handoff-description", help="When to hand over to a human.")],
    descriptions: Annotated[
        Path | None, typer.Option("--descriptions", metavar="FILE.json", help="What each file and folder is for.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="PATTERN", help="Leave these files out; repeatable.")
    ] = None,
    no_wait: NoWait = False,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Create an agent from a folder; exit 1 with the step and the reason when a step fails."""
    from oratio.cli.agents.folder import read_folder, read_sop, read_text
    from oratio.cli.agents.progress import StepView
    from oratio.cli.target import connect
    from oratio.client import Brief, FileSource

    found = read_folder(folder, exclude or ())
    brief = Brief(
        agent_name=name,
        agent_type=agent_type.value,
        sop=read_sop(sop),
        knowledge_base_description=knowledge,
        human_handoff_description=handoff,
        descriptions=read_text(descriptions, "the descriptions file") if descriptions else None,
    )
    if found.hidden:
        warn(f"left out {len(found.hidden)} hidden: {', '.join(found.hidden)}")
    files: list[tuple[str, FileSource]] = [(file.path, file.location) for file in found.files]
    with connect(data, api, token) as client:
        with StepView(quiet=as_json or no_wait) as view:
            accepted = client.create_agent(brief, files, progress=view.sent)
            _follow(client, accepted, view, no_wait=no_wait)
        _finish(client, accepted, no_wait=no_wait, as_json=as_json)


@agents.command("list")
def list_agents(as_json: Json = False, data: Data = None, api: Api = None, token: Token = None) -> None:
    """List your agents, newest first."""
    from oratio.cli.agents.agent_views import show_list
    from oratio.cli.target import connect

    with connect(data, api, token) as client:
        found = list(client.all_agents())
    if as_json:
        print_json({"agents": [agent.model_dump(mode="json") for agent in found]})
    else:
        show_list(found)


@agents.command()
def show(
    agent: Agent,
    code: Annotated[bool, typer.Option("--code", help="The generated agent_file.py.")] = False,
    prompt: Annotated[bool, typer.Option("--prompt", help="The generated prompt.md.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="The plan, as JSON.")] = False,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="The rehearsal report.")] = False,
    version: Annotated[int | None, typer.Option("--version", help="Another version than the live one.")] = None,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Show an agent, or its generated code, prompt, plan or rehearsal."""
    from oratio.cli.agents.agent_views import show_detail, show_parts
    from oratio.cli.target import agent_id, connect
    from oratio.protocol.http import AgentDetail, VersionDetail

    asked = {"code": code, "prompt": prompt, "plan": plan, "rehearsal": rehearsal}
    parts = [name for name, wanted in asked.items() if wanted]
    with connect(data, api, token) as client:
        whole: AgentDetail | VersionDetail = client.agent(agent_id(client, agent))
        if parts or version is not None:
            assert isinstance(whole, AgentDetail)
            whole = client.version(whole.agent_id, version or whole.current_version or whole.latest_version)
    shown = whole.model_dump(mode="json")
    if as_json:
        print_json({name: shown[name] for name in parts} if parts else shown)
    elif parts:
        show_parts(shown, parts)
    else:
        show_detail(shown)


@agents.command()
def versions(agent: Agent, as_json: Json = False, data: Data = None, api: Api = None, token: Token = None) -> None:
    """List an agent's versions."""
    from oratio.cli.agents.agent_views import show_versions
    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        found = client.versions(agent_id(client, agent))
    if as_json:
        print_json(found)
    else:
        show_versions(found.model_dump(mode="json"))


@agents.command()
def activate(
    agent: Agent,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1)],
    override: Annotated[
        str | None, typer.Option("--override", metavar="REASON", help="Sign a version whose rehearsal failed.")
    ] = None,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Switch, or roll back, to a version."""
    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        done = client.activate(agent_id(client, agent), version, override_reason=override)
    if as_json:
        print_json(done)
    else:
        say(f"version {version} is live")


@agents.command()
def retry(
    agent: Agent,
    no_wait: NoWait = False,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Resume a failed creation at the step that failed."""
    from oratio.cli.agents.progress import StepView
    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        before = client.agent(agent_id(client, agent))
        accepted = client.retry(before.agent_id)
        with StepView(quiet=as_json or no_wait) as view:
            _follow(client, accepted, view, no_wait=no_wait, after_ms=before.updated_at)
        _finish(client, accepted, no_wait=no_wait, as_json=as_json)


@agents.command()
def delete(
    agent: Agent,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    no_wait: NoWait = False,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Delete an agent with everything it owns."""
    import sys

    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        chosen = agent_id(client, agent)
        if not yes and not as_json and sys.stdin.isatty():
            typer.confirm(f"Delete agent {chosen} with its documents, code and conversations?", abort=True)
        accepted = client.delete(chosen)
        if not no_wait:
            _await_gone(client, chosen)
    if as_json:
        print_json({"agentId": chosen, "status": accepted.status if no_wait else "deleted"})
    else:
        say(f"{chosen} is {'being deleted' if no_wait else 'deleted'}")


def _await_gone(client: "Client", agent: str) -> None:
    import time

    from oratio.errors import NotFound

    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            client.agent(agent)
        except NotFound:
            return
        time.sleep(0.2)
    fail(f"agent {agent} is still being deleted after 300 s: see `oratio agents show {agent}` and the flows log")


def _follow(client: "Client", accepted: "Accepted", view: "StepView", *, no_wait: bool, after_ms: int = 0) -> None:
    if not no_wait:
        view.follow(client.events(accepted.agent_id), after_ms=after_ms)


def _finish(client: "Client", accepted: "Accepted", *, no_wait: bool, as_json: bool) -> None:
    """Print how an accepted creation ended, or only that it has started."""
    from oratio.cli.agents.agent_views import show_created
    from oratio.domain.agents.agent import AgentStatus

    agent = accepted.agent_id
    if no_wait:
        if as_json:
            print_json(accepted)
        else:
            say(agent)
        return
    detail = client.agent(agent)
    for problem in detail.knowledge_base.problems:
        warn(f"{problem.path} is not in the knowledge base: {problem.reason}")
    if as_json:
        print_json(detail)
    elif detail.status is AgentStatus.ACTIVE:
        show_created(detail)
    if detail.status is AgentStatus.ACTIVE:
        return
    if detail.error is None:
        fail(f"agent {agent} is {detail.status}: follow it with `oratio agents show {agent}`")
    fail(f"agent {agent} failed in {detail.error.step} ({detail.error.code}): {detail.error.message}")
