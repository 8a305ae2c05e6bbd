"""The console as one ASGI application: the Streamlit script, the sign-in routes, security headers.

Started by `oratio up` as `python -m streamlit run console/app.py`.
"""

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from console.headers import SecurityHeaders
from console.session import sign_in, sign_out

app = st.App(
    "script.py",
    routes=[
        Route("/session/sign-in", sign_in, methods=["POST"]),
        Route("/session/sign-out", sign_out, methods=["POST"]),
    ],
    middleware=[Middleware(SecurityHeaders)],
)
