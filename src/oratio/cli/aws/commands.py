"""Commands `oratio aws deploy`, `diff` and `destroy`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oratio.cli.options import Json
from oratio.cli.output import console, fail, print_json, say, table
from oratio.errors import FieldProblem, InvalidInput, StepFailed

if TYPE_CHECKING:
    from oratio.cli.aws.stack import Change, CloudFormationStack, Event

_GIVEN = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the template; once given, it is remembered."),
]
_STACK = Annotated[str, typer.Option("--stack", help="Name of the stack.")]
_REGION = Annotated[str | None, typer.Option("--region", help="AWS region; unset: ORATIO_AWS_REGION or the profile's.")]
_YES = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The static part of Oratio on AWS: one CloudFormation stack.")
    group.command()(deploy)
    group.command()(diff)
    group.command()(destroy)
    group.command("build-base")(build_base)
    app.add_typer(group, name="aws")


def build_base() -> None:
    """Zip the agents' dependencies for AgentCore (Linux on arm64), once for each Oratio; on `aws` for all workers."""
    from oratio.bootstrap.aws import build_agent_base
    from oratio.settings import load

    target = build_agent_base(load())
    say(f"{target} ({target.stat().st_size / 1e6:.0f} MB)")


def diff(given: _GIVEN = None, stack: _STACK = "oratio", region: _REGION = None, as_json: Json = False) -> None:
    """Show what `deploy` would change, and change nothing."""
    target = _stack(stack, region)
    changes = _proposed(target, given or [])
    target.discard()
    _show(changes, as_json=as_json)


def deploy(given: _GIVEN = None, stack: _STACK = "oratio", region: _REGION = None, yes: _YES = False) -> None:
    """Create or change the stack; the changes are shown first."""
    target = _stack(stack, region)
    changes = _proposed(target, given or [])
    if changes:
        _show(changes, as_json=False)
        if not yes and not typer.confirm("make these changes?"):
            target.discard()
            fail("nothing was changed")
        _follow(target.execute())
    else:
        say("nothing to change")
    for name, value in target.outputs().items():
        say(f"{name}: {value}")
    _restart_hint(changes)


def destroy(stack: _STACK = "oratio", region: _REGION = None, yes: _YES = False) -> None:
    """Delete the stack. Buckets, tables and secrets are kept, as is what agents own: delete the agents first."""
    target = _stack(stack, region)
    if target.status() is None:
        say(f"there is no stack {stack}")
        return
    if not yes and not typer.confirm(f"delete the stack {stack}? Buckets, tables and secrets are kept."):
        fail("nothing was deleted")
    _follow(target.delete())
    say("deleted; kept: the buckets, the tables, the secrets, a snapshot of the database")


def _stack(name: str, region: str | None) -> "CloudFormationStack":
    from oratio.adapters.aws.session import AwsSession
    from oratio.cli.aws.stack import CloudFormationStack
    from oratio.settings import load

    return CloudFormationStack(AwsSession(region or load().aws.aws_region), name)


def _proposed(target: "CloudFormationStack", given: Sequence[str]) -> "list[Change]":
    from oratio.cli.aws.template import read_template, template_body, template_path
    from oratio.cli.aws.template_store import TemplateStore

    tree = read_template(template_path())
    values = parameters_of(given, tree["Parameters"], known=target.known_parameters())
    environment = values.get("Environment", str(tree["Parameters"]["Environment"]["Default"]))
    tags = {"platform": "oratio", "environment": environment}
    template = TemplateStore(target.session).argument(template_body(tree))
    return target.propose(template, values, parameters=list(tree["Parameters"]), tags=tags)


def parameters_of(
    given: Iterable[str], declared: Mapping[str, Mapping[str, Any]], *, known: Iterable[str] = ()
) -> dict[str, str]:
    """Return `NAME=VALUE` pairs as parameters.

    Args:
        known: Parameters that have a value from an earlier deploy.

    Raises:
        InvalidInput: Lists every pair that is malformed or unknown, and every parameter that has no value.
    """
    values: dict[str, str] = {}
    problems = []
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign:
            problems.append(FieldProblem((pair,), "is not NAME=VALUE"))
        elif name not in declared:
            problems.append(FieldProblem((name,), "is not a parameter of the template"))
        else:
            values[name] = value
    missing = [name for name, entry in declared.items() if "Default" not in entry and name not in {*values, *known}]
    for name in missing:
        problems.append(FieldProblem((name,), f"has no value; {declared[name].get('Description', 'give one')}"))
    if problems:
        what = "; ".join(f"{problem.loc[0]} {problem.msg}" for problem in problems)
        raise InvalidInput(what, problems, hint="give each as --set NAME=VALUE, see docs/aws.md")
    return values


def _show(changes: "list[Change]", *, as_json: bool) -> None:
    if as_json:
        print_json({"changes": [change._asdict() for change in changes]})
        return
    if not changes:
        say("nothing to change")
        return
    view = table("", "resource", "kind", "")
    for change in changes:
        view.add_row(change.action, change.name, change.kind, "replaced" if change.replaces else "")
    console().print(view)


def _follow(events: "Iterable[Event]") -> None:
    reasons: list[str] = []
    try:
        for event in events:
            say(f"{event.status:<24} {event.name}{f': {event.reason}' if event.reason else ''}")
            if event.status.endswith("FAILED") and event.reason:
                reasons.append(f"{event.name}: {event.reason}")
    except StepFailed as error:
        raise StepFailed(f"{error.message} ({reasons[0] if reasons else 'no reason given'})", hint=error.hint) from None


def _restart_hint(changes: "list[Change]") -> None:
    if any(change.name.startswith("Secret") and change.replaces for change in changes):
        say("a secret was replaced: every API key, ticket and review signed with it is invalid")
