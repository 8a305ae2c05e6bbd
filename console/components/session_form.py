"""HTML forms for signing in and out, so that the token goes to a cookie scripts cannot read."""

from console.components.assets import component


def sign_in_form() -> None:
    _sign_in(key="sign_in")


def sign_out_form() -> None:
    _sign_out(key="sign_out")


def return_to_this_page() -> None:
    """Remember the page for after a sign-in at a provider."""
    _return_to(key="return_to")


_sign_in = component(
    "sign_in",
    html="""<form method="post" action="/session/sign-in">
    <input type="hidden" name="next" value="/">
    <label>Operator token
    <input name="token" type="password" autocomplete="current-password" required></label>
    <button type="submit" class="primary">Sign in</button></form>""",
)
_return_to = component("return_to", html="<span hidden></span>")
_sign_out = component(
    "sign_out",
    html="""<form method="post" action="/session/sign-out">
    <button type="submit">Sign out</button></form>""",
)
