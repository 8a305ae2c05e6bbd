"""Validation of the operator's form; every broken rule is reported at once."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from oratio.domain.agents.brief import AgentBrief, AgentType
from oratio.domain.knowledge import descriptions
from oratio.errors import FieldProblem, InvalidInput

MAX_NAME_CHARS = 100
_FIELDS: Mapping[str, str] = {
    "agentName": "agent_name",
    "agentType": "agent_type",
    "sop": "sop",
    "knowledgeBaseDescription": "knowledge_base_description",
    "humanHandoffDescription": "human_handoff_description",
    "folderFileDescriptions": "folder_file_descriptions",
}
FORM_FIELDS = tuple(_FIELDS)


class BriefLimits(NamedTuple):
    sop_chars: int
    description_chars: int


def read_brief(
    form: Mapping[str, str], paths: Iterable[str], limits: BriefLimits, *, base: AgentBrief | None = None
) -> tuple[AgentBrief | None, list[FieldProblem]]:
    """Return the brief of a form, or its problems.

    Args:
        form: Field texts by their names on the wire; a field that is absent comes from `base`.
        paths: The folder's files as they will be, for matching descriptions.
        base: The version being updated; None for a new agent, where every field is required.

    Returns:
        The brief, or None with the problems.
    """
    texts: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for name in FORM_FIELDS[:-1]:
        if name in form:
            texts[name] = form[name]
        elif base is not None:
            texts[name] = getattr(base, _FIELDS[name])
        else:
            problems.append(FieldProblem((name,), "is required"))
    problems.extend(_text_problems(texts, limits))
    if "folderFileDescriptions" in form:
        tree, wrong = descriptions.parse(form["folderFileDescriptions"])
    else:
        tree, wrong = (base.folder_file_descriptions if base else {}), []
    problems.extend(wrong)
    problems.extend(_description_problems(tree, paths, limits))
    if problems:
        return None, problems
    values = {_FIELDS[name]: text for name, text in texts.items()}
    values["agent_name"] = values["agent_name"].strip()
    return AgentBrief(**values, folder_file_descriptions=tree), []


def _text_problems(texts: Mapping[str, str], limits: BriefLimits) -> Iterable[FieldProblem]:
    longest = {
        "agentName": MAX_NAME_CHARS,
        "sop": limits.sop_chars,
        "knowledgeBaseDescription": limits.description_chars,
        "humanHandoffDescription": limits.description_chars,
    }
    for name, text in texts.items():
        if name == "agentType":
            if text not in set(AgentType):
                yield FieldProblem((name,), f"is {text[:40]!r}; it must be 'voice' or 'text'")
            continue
        if not text.strip():
            yield FieldProblem((name,), "is empty; write a sentence or more")
        elif len(text) > longest[name]:
            yield FieldProblem((name,), f"is {len(text)} characters long; at most {longest[name]} are allowed")
        elif "\0" in text:
            yield FieldProblem((name,), "contains a NUL character; send plain text")
    name = texts.get("agentName", "")
    if any(ord(char) < 32 for char in name):
        yield FieldProblem(("agentName",), "contains control characters; use one plain line")


def _description_problems(
    tree: descriptions.Descriptions, paths: Iterable[str], limits: BriefLimits
) -> Iterable[FieldProblem]:
    for path, text in descriptions.flatten(tree).items():
        if len(text) > limits.description_chars:
            msg = f"is {len(text)} characters long; at most {limits.description_chars} are allowed"
            yield FieldProblem((descriptions.FIELD, path), msg)
    yield from descriptions.unmatched(tree, paths)


def refuse(problems: list[FieldProblem]) -> None:
    """Raise `InvalidInput` over all problems, if there are any."""
    if problems:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        where = ".".join(part for part in first.loc if part)
        raise InvalidInput(f"{where} {first.msg}{more}", problems)
