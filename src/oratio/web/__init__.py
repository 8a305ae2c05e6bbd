"""The browser's side of a call: a JavaScript module, a widget for any page, and a page to try it on.

The voice server hands these out; the console embeds `voice_module`.
"""

import json
from functools import cache
from importlib.resources import files


def _part(name: str) -> str:
    return files("oratio.web").joinpath(name).read_text()


@cache
def worklet() -> str:
    """`oratio-voice-worklet.js`: what runs on the audio thread."""
    return _part("worklet.js")


@cache
def voice_module() -> str:
    """`oratio-voice.js`, an ES module of one file: exports `OratioVoice`, `OratioVoiceElement` and `WORKLET`."""
    return f"export const WORKLET = {json.dumps(worklet())};\n\n{_part('call.js')}\n{_part('element.js')}"


@cache
def widget() -> str:
    """`widget.js`, for `<script src=".../widget.js" data-agent="..." data-key="...">`."""
    return _part("widget.js")


@cache
def demo() -> tuple[str, str, str]:
    """The demo page, its script and its style."""
    return _part("demo.html"), _part("demo.js"), _part("demo.css")
