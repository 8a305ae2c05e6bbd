"""Text fields of the page reach the draft while they are being typed in."""

from console.components.assets import component

_autosave = component("autosave", html="<span hidden></span>")


def autosave() -> None:
    _autosave(key="autosave")
