"""Terminal views of agents and their versions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from oratio.cli.output import console, printable, say, table, when
from oratio.protocol.http import AgentDetail, AgentSummary

type Row = Mapping[str, Any]

_COLOURS = {"active": "green", "live": "green", "failed": "red", "succeeded": "green", "running": "yellow"}


def coloured(status: str) -> Text:
    return Text(status, style=_COLOURS.get(status, ""))


def show_list(agents: Sequence[AgentSummary]) -> None:
    if not agents:
        say("no agents yet: create one with `oratio agents create`")
        return
    view = table("id", "name", "status", "type", "created")
    for agent in agents:
        name, status = Text(printable(agent.agent_name)), coloured(agent.status)
        view.add_row(agent.agent_id, name, status, agent.agent_type, when(agent.created_at))
    console().print(view)


def show_created(agent: AgentDetail) -> None:
    """Print the id and the endpoints of an agent that has just become active."""
    view = table("", "")
    view.show_header = False
    view.add_row("agent", agent.agent_id)
    view.add_row("status", coloured(agent.status))
    view.add_row("api", agent.api_endpoint or "-")
    if agent.websocket_url:
        view.add_row("voice", agent.websocket_url)
    console().print(view)


def show_detail(agent: Row) -> None:
    """Print an agent or one of its versions: one line a field, then the steps and the error."""
    view = table("", "")
    view.show_header = False
    for name, value in agent.items():
        if isinstance(value, str | int | float) and name not in ("sop", "code", "prompt"):
            shown = when(int(value)) if name.endswith("At") else str(value)
            view.add_row(name, coloured(shown) if name == "status" else Text(printable(shown)))
    knowledge = agent.get("knowledgeBase") or {}
    for name in ("knowledgeBaseId", "status"):
        if name in knowledge:
            view.add_row(f"knowledge base {name}", Text(str(knowledge[name])))
    for problem in knowledge.get("problems", ()):
        view.add_row("problem", Text(f"{problem['path']}: {problem['reason']}"))
    for entry in agent.get("progress", ()):
        view.add_row(entry["step"], Text.assemble(coloured(entry["status"]), f" {entry['detail']}"))
    if error := agent.get("error"):
        view.add_row("error", Text(f"{error['step']} ({error['code']}): {error['message']}", style="red"))
    console().print(view)


def show_versions(found: Row) -> None:
    view = table("version", "status", "created", "activated", "documents", "rehearsal")
    for version in found["versions"]:
        view.add_row(
            str(version["version"]),
            coloured(version["status"]),
            when(version["createdAt"]),
            when(version["activatedAt"]),
            str(version["documents"]),
            _verdict(version["rehearsal"], version["override"]),
        )
    console().print(view)


def _verdict(rehearsal: Row | None, override: Row | None) -> Text:
    if rehearsal is None:
        return Text("-")
    failed = len(rehearsal["failures"])
    words = "passed" if rehearsal["passed"] else f"failed {failed} of {rehearsal['scenarios']}"
    return Text(words + (f"; signed by {override['signedBy']}: {override['reason']}" if override else ""))


def show_parts(version: Row, parts: Sequence[str]) -> None:
    """Print code and prompt exactly as they are stored, the plan as JSON, the rehearsal as a page to read."""
    for part in parts:
        value = version[part]
        if value is None:
            say(f"there is no {part} yet")
        elif part == "rehearsal":
            show_rehearsal(value)
        else:
            say(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))


def show_rehearsal(report: Row) -> None:
    """Print each scenario with its verdict, the turns, the tools used and the files cited."""
    page = console()
    results = report["results"]
    passed = sum(result["passed"] for result in results)
    seconds = (report["endedAt"] - report["startedAt"]) / 1000
    say(f"version {report['version']} with {report['model']}: {passed} of {len(results)} passed in {seconds:.1f} s")
    for result in results:
        verdict = ("passed", "green") if result["passed"] else ("failed" if result["required"] else "advice", "red")
        page.print(Text.assemble("\n", verdict, f"  {result['scenario']['title']}"))
        if result["reason"]:
            page.print(Text(printable(f"  why: {result['reason']}")))
        for turn in result["turns"]:
            page.print(Text(printable(f"  > {turn['prompt']}")))
            page.print(Text(printable(f"  < {turn['answer'] or turn['error']}")))
            page.print(Text(printable(f"    {_evidence(turn)}"), style="dim"))


def _evidence(turn: Row) -> str:
    parts = [f"{turn['latencyMs']} ms"]
    if turn["toolCalls"]:
        parts.append("tools: " + ", ".join(call["name"] for call in turn["toolCalls"]))
    if turn["citations"]:
        parts.append("files: " + ", ".join(dict.fromkeys(citation["path"] for citation in turn["citations"])))
    if turn["handoff"]:
        parts.append(f"hand-off: {turn['handoff']['reason']}")
    return "; ".join(parts)
