"""Draws `architecture.svg`: the packages, who imports whom, and what everyone may import.

python docs/pictures/architecture.py

`tests/project/test_picture.py` holds `BOXES`, `ARROWS` and `BANDS` against the imports of the code.
"""

from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

TARGET = Path(__file__).with_name("architecture.svg")
WIDTH, HEIGHT = 1080, 690
BOX_HEIGHT, BAND_HEIGHT = 62, 40
KINDS = {"shell": "#e0ecff", "work": "#fff1d6", "core": "#e4f5e6", "alone": "#f6e3f3", "band": "#eef0f3"}


class Box(NamedTuple):
    """One rectangle: a name, what it is for, the modules it stands for, and where its upper left corner lies."""

    name: str
    purpose: str
    modules: tuple[str, ...]
    kind: str
    x: int
    y: int
    width: int = 148


BOXES = (
    Box("console", "operator's pages", ("console",), "shell", 20, 60),
    Box("cli", "oratio command", ("oratio.cli",), "shell", 184, 60),
    Box("agent_host", "sandboxed agents", ("oratio.agent_host",), "work", 348, 60),
    Box("api", "HTTP contract", ("oratio.api",), "shell", 512, 60),
    Box("voice_server", "calls", ("voice_server",), "shell", 676, 60),
    Box("flows", "pipeline, worker", ("flows",), "shell", 840, 60),
    Box("client", "typed client", ("oratio.client",), "work", 20, 170),
    Box("tasks", "steps of the flows", ("tasks",), "work", 930, 170, 130),
    Box("bootstrap", "puts adapters behind ports", ("oratio.bootstrap",), "work", 500, 270, 190),
    Box(
        "adapters",
        "local, AWS, Prefect; engines",
        ("oratio.adapters", "oratio.retrieval", "oratio.speech", "oratio.builtin"),
        "core",
        184,
        370,
        200,
    ),
    Box("services", "use cases over ports", ("oratio.services",), "core", 740, 370, 190),
    Box("authoring", "SOP to plan, code, review", ("oratio.authoring",), "core", 400, 470, 190),
    Box("agentkit", "all an agent imports", ("oratio.agentkit",), "alone", 20, 470, 160),
)
ARROWS = (
    ("console", "client"),
    ("cli", "client"),
    ("cli", "agent_host"),
    ("cli", "bootstrap"),
    ("cli", "adapters"),
    ("cli", "authoring"),
    ("api", "bootstrap"),
    ("api", "services"),
    ("voice_server", "bootstrap"),
    ("voice_server", "services"),
    ("flows", "tasks"),
    ("flows", "services"),
    ("flows", "adapters"),
    ("tasks", "bootstrap"),
    ("tasks", "authoring"),
    ("agent_host", "bootstrap"),
    ("agent_host", "adapters"),
    ("agent_host", "authoring"),
    ("agent_host", "agentkit"),
    ("bootstrap", "adapters"),
    ("bootstrap", "services"),
    ("bootstrap", "authoring"),
    ("services", "authoring"),
    ("adapters", "agentkit"),
)
# Open to everything above, agentkit excepted; each imports only its neighbours and what lies below.
BANDS = (
    Box("wire forms", "what crosses HTTP", ("oratio.protocol.http", "oratio.protocol"), "band", 20, 562, 310),
    Box(
        "settings, logs, tracing, tenancy",
        "",
        (
            *("oratio.settings", "oratio.logs", "oratio.tracing", "oratio.otlp", "oratio.tenancy"),
            *("oratio.audio", "oratio.web", "oratio.text"),
        ),
        "band",
        350,
        562,
        340,
    ),
    Box("ports", "what services need, as contracts", ("oratio.ports",), "band", 710, 562, 350),
    Box("domain", "values and pure functions", ("oratio.domain",), "band", 20, 610, 670),
    Box("errors", "one tree", ("oratio.errors",), "band", 710, 610, 350),
)
# The height an arrow stays above until it is past the box in its way.
_DETOURS = {("flows", "adapters"): 235}
_BY_NAME = {box.name: box for box in BOXES}


def draw() -> str:
    """Return the whole picture as SVG: no script, no font or style of another file."""
    lines = [_arrow(start, end) for start, end in ARROWS]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
            "<title>Packages of Oratio and their imports</title>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
            ' orient="auto"><path d="M0 0 8 4 0 8z" fill="#5b6675"/></marker></defs>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="12" fill="#ffffff"/>',
            '<text x="20" y="36" font-size="19" font-weight="bold" fill="#1c2530">'
            "An arrow says: imports. The shells never import one another.</text>",
            *lines,
            *(_box(box, BOX_HEIGHT) for box in BOXES),
            *(_box(box, BAND_HEIGHT) for box in BANDS),
            '<text x="20" y="676" font-size="13" fill="#5b6675">The grey packages are open to everything above them '
            "but agentkit, which imports nothing of Oratio.</text>",
            "</svg>\n",
        ]
    )


def _box(box: Box, height: int) -> str:
    middle = box.x + box.width // 2
    words = [
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{height}" rx="8"'
        f' fill="{KINDS[box.kind]}" stroke="#8b97a6"/>'
    ]
    if height == BAND_HEIGHT:
        purpose = (
            f'<tspan dx="8" font-weight="normal" fill="#3d4855">{escape(box.purpose)}</tspan>' if box.purpose else ""
        )
        name = f'y="{box.y + 25}" font-size="14" font-weight="bold" fill="#1c2530">{escape(box.name)}{purpose}</text>'
        words.append(f'<text x="{middle}" text-anchor="middle" {name}')
    else:
        name = f'y="{box.y + 27}" font-size="16" font-weight="bold" fill="#1c2530">{escape(box.name)}</text>'
        words.append(f'<text x="{middle}" text-anchor="middle" {name}')
        purpose = f'y="{box.y + 47}" font-size="13" fill="#3d4855">{escape(box.purpose)}</text>'
        words.append(f'<text x="{middle}" text-anchor="middle" {purpose}')
    return "".join(words)


def _arrow(start: str, end: str) -> str:
    """A curve from the lower edge of one box to the upper edge of another, or a line between neighbours."""
    left, right = _BY_NAME[start], _BY_NAME[end]
    if left.y == right.y:
        middle = left.y + BOX_HEIGHT // 2
        way = f"M{left.x + left.width} {middle}H{right.x - 1}"
    else:
        x1, y1 = _end(start, 0, (start, end)), left.y + BOX_HEIGHT
        x2, y2 = _end(end, 1, (start, end)), right.y - 1
        bend = _DETOURS.get((start, end), (y1 + y2) // 2)
        way = f"M{x1} {y1}C{x1} {bend} {x2} {bend} {x2} {y2}"
    return (
        f'<path d="{way}" fill="none" stroke="#5b6675" stroke-width="1.3" marker-end="url(#head)">'
        f"<title>{start} imports {end}</title></path>"
    )


def _end(name: str, side: int, arrow: tuple[str, str]) -> int:
    """Where an arrow touches a box: all that touch the same edge are spread along it, from left to right."""
    box = _BY_NAME[name]
    others = [pair for pair in ARROWS if pair[side] == name and _BY_NAME[pair[1 - side]].y != box.y]
    touching = sorted(others, key=lambda pair: _BY_NAME[pair[1 - side]].x)
    return box.x + box.width * (touching.index(arrow) + 1) // (len(touching) + 1)


if __name__ == "__main__":
    TARGET.write_text(draw())
