"""JavaScript and CSS of our components, with the one function that registers them."""

from pathlib import Path
from typing import Any, Protocol

import streamlit as st

_FOLDER = Path(__file__).parent


class Mount(Protocol):
    """Registered component: call it to put it on the page; its results are attributes of the return value."""

    def __call__(self, *, key: str, data: Any = None, **options: Any) -> Any: ...


def component(name: str, *, html: str, shared: str = "") -> Mount:
    """Register a component whose script is `<name>.js` here, if there is one, in the style of all of ours.

    Args:
        name: Of the component and of its files.
        html: Its initial HTML.
        shared: The name of a script and a style put before its own.
    """
    script = _FOLDER / f"{name}.js"
    style = _FOLDER / f"{name}.css"
    css = (_FOLDER / "common.css").read_text() + (style.read_text() if style.exists() else "")
    js = script.read_text() if script.exists() else "export default function () {\n}\n"
    if shared:
        css += (_FOLDER / f"{shared}.css").read_text()
        js = (_FOLDER / f"{shared}.js").read_text() + js
    return st.components.v2.component(f"oratio_{name}", html=html + "\n<!-- -->", css=css, js=js)
