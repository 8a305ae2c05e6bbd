"""Checks of SOPs before anything is built."""

from fastapi import APIRouter
from fastapi.responses import Response

from oratio.api.context import ByCaller, InContext, answers, reply
from oratio.protocol.http import SopCheckBody, SopCheckView

router = APIRouter(tags=["sop"])


@router.post("/api/sop/check", response_model=None, responses=answers(200, SopCheckView, 413))
def check(body: SopCheckBody, context: InContext, caller: ByCaller) -> Response:
    """Compile an SOP without making anything: the flow read back with lines, findings, bindings and a chart."""
    found = context.services.sop_check.check(body.sop, body.tools)
    return reply(SopCheckView(**dict(found)))
