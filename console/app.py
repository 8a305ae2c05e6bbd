"""Console as one ASGI application: the Streamlit script, its page document, sign-in, uploads, headers.

Started by `oratio up` as `python -m streamlit run console/app.py`.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from console.backend import transport
from console.pages import HOME, PATHS
from console.web.assets import Assets
from console.web.document import current, document, favicon, home
from console.web.headers import SecurityHeaders
from console.web.identity import provider_secrets
from console.web.session import sign_in, sign_out
from console.web.uploads import list_files, put_file, remove_files
from console.web.voice import audio, call_ticket, operator_ticket, voice_script, voice_worklet
from console.wording import report_script_error


def _warm() -> None:
    """Load modules and files that the first visitor would wait for."""
    for module in ("console.shell", "streamlit.material_icon_names", "streamlit.web.skills"):
        import_module(module)
    transport()
    current()


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncIterator[None]:
    await asyncio.to_thread(_warm)
    # Objects loaded by now live as long as the process: the collection after a script run need not walk them.
    gc.collect()
    gc.freeze()
    yield


app = st.App(
    "script.py",
    lifespan=_lifespan,
    routes=[
        *(Route(path, document, methods=["GET"]) for path in ("/", *PATHS)),
        Route(f"/{HOME}", home, methods=["GET"]),
        Route("/favicon.svg", favicon, methods=["GET"]),
        Route("/session/sign-in", sign_in, methods=["POST"]),
        Route("/session/sign-out", sign_out, methods=["POST"]),
        Route("/voice/oratio-voice.js", voice_script, methods=["GET"]),
        Route("/voice/oratio-voice-worklet.js", voice_worklet, methods=["GET"]),
        Route("/voice/tickets", call_ticket, methods=["POST"]),
        Route("/voice/operator-tickets", operator_ticket, methods=["POST"]),
        Route("/conversations/{conversation_id}/audio", audio, methods=["GET"]),
        Route("/drafts/{draft_id}/files", list_files, methods=["GET"]),
        Route("/drafts/{draft_id}/files", put_file, methods=["PUT"]),
        Route("/drafts/{draft_id}/files/remove", remove_files, methods=["POST"]),
    ],
    middleware=[Middleware(SecurityHeaders), Middleware(Assets)],
    secrets=provider_secrets(),
    on_script_error=report_script_error,
)
