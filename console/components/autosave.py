"""Component that saves text fields to the draft while the user types."""

from console.components.assets import component

_autosave = component("autosave", html="<span hidden></span>")


def autosave() -> None:
    _autosave(key="autosave")
