"""Routes of an agent's versions: build the next, list, compare, activate, roll back."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from oratio.api.context import ApiContext, ByCaller, IdempotencyKey, InContext, answers, reply
from oratio.api.problems import Refusal
from oratio.api.routes.agents import form_of
from oratio.api.routes.uploads import UPLOAD_ID, UPLOAD_ID_BYTES, staged_files
from oratio.api.sse import unless_gone
from oratio.domain.plan.rehearsal import RehearsalReport
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import CODE_FILE, PLAN_FILE, PROMPT_FILE, REHEARSAL_FILE
from oratio.errors import FieldProblem, InvalidInput, NotFound, RehearsalFailed
from oratio.protocol.http import (
    AcceptedVersion,
    ActivateBody,
    Activated,
    DiffView,
    ReplayBody,
    ReplayView,
    VersionDetail,
    VersionList,
    VersionSummary,
)

router = APIRouter(tags=["versions"])

_DELETE_FILES = "deleteFiles"
_DELETE_BYTES = 4 * 1024 * 1024
_ACTIVATE = "activate"
_ACTIVATE_BYTES = 16
_CHANGES: dict[str, dict[str, Any]] = {
    _DELETE_FILES: {"type": "string", "description": "A JSON list of paths to remove."},
    _ACTIVATE: {
        "type": "string",
        "enum": ["true", "false"],
        "description": "True: activate the version once it is rehearsed; false: it waits to be activated.",
    },
}
Number = Annotated[int, Path(ge=1, le=999_999)]


def _paths(text: str | None) -> list[str]:
    if text is None or not text.strip():
        return []
    try:
        paths = json.loads(text)
    except (ValueError, RecursionError):
        paths = None
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        problem = FieldProblem((_DELETE_FILES,), "must be a JSON list of paths")
        raise InvalidInput(f"{_DELETE_FILES} {problem.msg}", [problem])
    return paths


def _flag(text: str | None) -> bool:
    if text not in (None, "", "true", "false"):
        problem = FieldProblem((_ACTIVATE,), "must be true or false")
        raise InvalidInput(f"{_ACTIVATE} {problem.msg}", [problem])
    return text == "true"


@router.post(
    "/api/agents/{agentId}/versions",
    response_model=None,
    responses=answers(202, AcceptedVersion, 409),
    openapi_extra=form_of(False, **_CHANGES),
)
async def create_version(
    agentId: str,
    request: Request,
    context: InContext,
    caller: ByCaller,
    key: IdempotencyKey,
) -> Response:
    """Build and rehearse version n+1 while the live one serves; fields that the form omits keep their values."""
    await run_in_threadpool(context.services.agents.get, caller.user_id, agentId)
    extra = {_DELETE_FILES: _DELETE_BYTES, _ACTIVATE: _ACTIVATE_BYTES, UPLOAD_ID: UPLOAD_ID_BYTES}
    async with (
        context.receiver.form(request, caller.user_id, extra) as form,
        staged_files(context, caller.user_id, form.fields) as staged,
    ):
        removed, activate = _paths(form.fields.pop(_DELETE_FILES, None)), _flag(form.fields.pop(_ACTIVATE, None))
        files = [*form.files, *staged]
        number = await run_in_threadpool(
            context.services.agents.update,
            caller.user_id,
            agentId,
            form.fields,
            files,
            delete_files=removed,
            activate=activate,
            idempotency_key=key,
        )
    accepted = AcceptedVersion(agent_id=agentId, version=number)
    return reply(accepted, 202, {"Location": f"/api/agents/{agentId}/versions/{number}"})


@router.get("/api/agents/{agentId}/versions", response_model=None, responses=answers(200, VersionList))
def list_versions(agentId: str, context: InContext, caller: ByCaller) -> Response:
    """List the agent's versions, newest first."""
    agent = context.services.agents.get(caller.user_id, agentId)
    history = context.platform.versions.history(caller.user_id, agentId)
    versions = list(map(VersionSummary.of, history))
    return reply(VersionList(agent_id=agentId, current_version=agent.current_version, versions=versions))


@router.get("/api/agents/{agentId}/versions/{number}", response_model=None, responses=answers(200, VersionDetail))
def show_version(agentId: str, number: Number, context: InContext, caller: ByCaller) -> Response:
    """Show one version whole: texts, files, plan, code, prompt, rehearsal."""
    return reply(_detail(context, VersionRef(user_id=caller.user_id, agent_id=agentId, version=number)))


def _detail(context: ApiContext, ref: VersionRef) -> VersionDetail:
    record = context.platform.versions.get(ref)

    def read(file: str) -> str | None:
        try:
            return context.services.authoring.read(ref, file).decode()
        except NotFound:
            return None

    plan, report = read(PLAN_FILE), read(REHEARSAL_FILE)
    rehearsal = RehearsalReport.model_validate_json(report) if report else None
    known: dict[str, Any] = {
        name: getattr(record, name) for name in VersionDetail.model_fields if hasattr(record, name)
    }
    return VersionDetail(
        **{
            **known,
            **record.brief.model_dump(by_alias=False),
            "files": record.documents,
            "plan": json.loads(plan) if plan else None,
            "code": read(CODE_FILE),
            "prompt": read(PROMPT_FILE),
            "rehearsal": rehearsal,
            "rehearsal_summary": record.rehearsal,
            "creation_cost": context.services.analytics.creation_cost(ref, rehearsal),
        }
    )


@router.get("/api/agents/{agentId}/versions/{number}/diff", response_model=None, responses=answers(200, DiffView))
def diff_versions(
    agentId: str,
    number: Number,
    context: InContext,
    caller: ByCaller,
    against: Annotated[int, Query(ge=1, le=999_999)],
) -> Response:
    """Show the changes from version `against` to this one: texts, files, plan, code, prompt, rehearsal."""
    found = context.services.comparison.diff(caller.user_id, agentId, number, against=against)
    return reply(DiffView(**dict(found)))


@router.post(
    "/api/agents/{agentId}/versions/{number}/replay", response_model=None, responses=answers(200, ReplayView, 409)
)
async def replay_version(
    agentId: str,
    number: Number,
    request: Request,
    context: InContext,
    caller: ByCaller,
    body: Annotated[ReplayBody | None, Body()] = None,
) -> Response:
    """Ask this version and the live one earlier callers' questions; nothing is stored."""
    most = (body or ReplayBody()).conversations
    playing = context.services.replay.replay(caller.user_id, agentId, number, conversations=most)
    report = await unless_gone(request, playing)
    return Response(status_code=499) if report is None else reply(ReplayView(**dict(report)))


@router.post(
    "/api/agents/{agentId}/versions/{number}/activate",
    response_model=None,
    responses=answers(200, Activated, 409),
)
def activate_version(
    agentId: str,
    number: Number,
    context: InContext,
    caller: ByCaller,
    body: Annotated[ActivateBody | None, Body()] = None,
) -> Response:
    """Activate a version, or roll back to one; calls in progress finish on the version they started with."""
    reason = body.override_reason if body else None
    try:
        agent = context.services.deployment.switch(
            caller.user_id, agentId, number, override=reason, signed_by=caller.user_id
        )
    except RehearsalFailed as error:
        # Nothing broke here: the version's state forbids it until an operator signs.
        raise Refusal(409, error.code, str(error)) from None
    return reply(Activated(agent_id=agentId, version=number, status=agent.status))
