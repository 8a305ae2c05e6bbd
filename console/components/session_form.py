"""Real HTML forms for signing in and out, so that the token goes to a cookie scripts cannot read."""

import streamlit as st

_STYLE = """
form { display: flex; flex-direction: column; gap: .75rem; max-width: 34rem; font-family: var(--st-font); }
label { display: flex; flex-direction: column; gap: .25rem; color: var(--st-text-color); }
input { font: inherit; padding: .55rem .7rem; border: 1px solid var(--st-border-color); border-radius: .5rem;
        background: var(--st-secondary-background-color); color: var(--st-text-color); }
button { font: inherit; align-self: start; padding: .5rem 1.1rem; border-radius: .5rem; cursor: pointer;
         border: 1px solid var(--st-primary-color); background: var(--st-primary-color); color: #fff; }
button:focus-visible, input:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
"""

_sign_in = st.components.v2.component(
    "oratio_sign_in",
    html="""<form method="post" action="/session/sign-in"><label>Operator token
    <input name="token" type="password" autocomplete="current-password" required></label>
    <button type="submit">Sign in</button></form>""",
    css=_STYLE,
)
_sign_out = st.components.v2.component(
    "oratio_sign_out",
    html='<form method="post" action="/session/sign-out"><button type="submit">Sign out</button></form>',
    css=_STYLE,
)


def sign_in_form() -> None:
    _sign_in(key="sign_in")


def sign_out_form() -> None:
    _sign_out(key="sign_out")
