"""`oratio sop`: an SOP as it is understood, before and after an agent is built from it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import print_json, say
from oratio.errors import InvalidInput

if TYPE_CHECKING:
    from oratio.domain.procedures.check import SopCheck

_sop = typer.Typer(help="Check an SOP and read it back.", no_args_is_help=True)

Mermaid = Annotated[bool, typer.Option("--mermaid", help="The flow as a Mermaid chart, and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_sop, name="sop")


@_sop.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The SOP, a text or Markdown file.", dir_okay=False)],
    as_json: Json = False,
    mermaid: Mermaid = False,
) -> None:
    """Compile an SOP without making anything: read it back and say what is wrong with it; exit 1 on an error."""
    from oratio.services.authoring.sop_check import SopCheckService
    from oratio.settings import load

    found = SopCheckService(max_chars=load().limits.max_sop_chars).check(_text(file))
    _show(found, as_json=as_json, mermaid=mermaid)
    if not found.ok:
        raise typer.Exit(1)


@_sop.command("show")
def show(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Id, the beginning of one, or name.")],
    as_json: Json = False,
    mermaid: Mermaid = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Read back the SOP of an agent's live version."""
    from oratio.authoring.sop_check import check_sop
    from oratio.cli.target import agent_id, connect

    with connect(data, api, token) as client:
        text = client.agent(agent_id(client, agent)).sop
    _show(check_sop(text), as_json=as_json, mermaid=mermaid)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(
            f"cannot read {file}: {error.strerror or error}", hint="give the path of a text file"
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{file} is no UTF-8 text", hint="save it as plain text or Markdown in UTF-8") from None


def _show(found: "SopCheck", *, as_json: bool, mermaid: bool) -> None:
    from oratio.authoring.procedures.readback import as_text

    if mermaid:
        say(found.mermaid)
    elif as_json:
        print_json(found)
    else:
        if found.read_back:
            say(as_text(found.read_back))
        for number, finding in enumerate(found.findings):
            say(
                ("\n" if not number else "")
                + f"{finding.severity}: line {finding.line}: {finding.message} ({finding.code})"
            )
        errors = sum(finding.severity == "error" for finding in found.findings)
        warnings = sum(finding.severity == "warning" for finding in found.findings)
        say(f"\n{_count(errors, 'error')}, {_count(warnings, 'warning')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
