"""A flow chart drawn in a PDF to text that says what follows what.

Text extraction alone gives the boxes in drawing order, with every "Yes" and "No" cut off from its question. The
page still holds the drawing: closed outlines with text inside are boxes, open lines that end in a small filled
triangle are arrows, text outside of boxes labels the nearest arrow. From these the chart is read as a graph and
written box by box: `Airplane Mode ON? Yes: Ask user to turn Airplane Mode OFF. No: Step 1.2: Verify SIM Card Status.`
"""

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pypdfium2
import pypdfium2.raw as pdfium

from oratio.retrieval.parsing.blocks import Block, BlockKind

MIN_BOXES = 4
MIN_ARROWS = 3
MAX_PATHS = 3_000
MIN_BOX_POINTS = 14.0  # shorter outlines are arrow heads and bullets
MAX_HEAD_POINTS = 16.0
REACH_POINTS = 16.0  # how far an arrow may end from its box
LABEL_REACH_POINTS = 40.0
STRAIGHT_PENALTY_POINTS = 12.0  # an arrow that is the only way on seldom carries a label

_PATH = 2  # FPDF_PAGEOBJ_PATH
_BEZIER = 1  # FPDF_SEGMENT_BEZIERTO
_TITLE = re.compile(r"^(step|path|phase|stage|part|section)\s+\d[\w.]*\b", re.I)

type Point = tuple[float, float]
type Rect = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(slots=True, eq=False)
class _Box:
    rect: Rect
    filled: bool
    runs: list[str] = field(default_factory=list)
    arrows: list["_Arrow"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(self.runs)

    @property
    def is_title(self) -> bool:
        return _TITLE.match(self.text) is not None


@dataclass(slots=True, eq=False)
class _Arrow:
    points: list[Point]
    target: _Box | None = None
    label: str = ""


def chart_blocks(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, number: int) -> Iterator[Block]:
    """The chart of a page, one block a box under the titled box that leads to it; nothing if the page is no chart."""
    boxes, lines, heads = _drawing(page)
    if len(boxes) < MIN_BOXES or min(len(lines), len(heads)) < MIN_ARROWS:
        return
    loose = _sort_runs(text_page, boxes)
    boxes = [box for box in boxes if box.runs]
    arrows = list(_connected(lines, heads, boxes))
    if len(boxes) < MIN_BOXES or len(arrows) < MIN_ARROWS:
        return
    _label(arrows, boxes, loose)
    yield from _written(boxes, number)


def _drawing(page: pypdfium2.PdfPage) -> tuple[list[_Box], list[list[Point]], list[Point]]:
    """Boxes, open lines and the places of arrow heads on a page."""
    boxes: list[_Box] = []
    lines: list[list[Point]] = []
    heads: list[Point] = []
    paths = [item for item in page.get_objects(max_depth=4) if item.type == _PATH]
    if len(paths) > MAX_PATHS:
        return boxes, lines, heads
    for item in paths:
        points = _points(item)
        if len(points) < 2:
            continue
        rect = (
            min(x for x, _ in points),
            min(y for _, y in points),
            max(x for x, _ in points),
            max(y for _, y in points),
        )
        width, height = rect[2] - rect[0], rect[3] - rect[1]
        if math.dist(points[0], points[-1]) > 0.5:
            lines.append(points)
        elif max(width, height) <= MAX_HEAD_POINTS:
            heads.append(_centre(rect))
        elif min(width, height) >= MIN_BOX_POINTS:
            boxes.append(_Box(rect, _is_filled(item)))
    return boxes, lines, heads


def _points(item: pypdfium2.PdfObject) -> list[Point]:
    """The corners of a path in page coordinates; a Bézier curve counts by its control points."""
    matrix = item.get_matrix()
    points: list[Point] = []
    for index in range(pdfium.FPDFPath_CountSegments(item)):
        segment = pdfium.FPDFPath_GetPathSegment(item, index)
        x, y = ctypes.c_float(), ctypes.c_float()
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        points.append(matrix.on_point(x.value, y.value))
        if pdfium.FPDFPathSegment_GetClose(segment) and points:
            points.append(points[0])
    return points


def _is_filled(item: pypdfium2.PdfObject) -> bool:
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(item, mode, stroke)
    return mode.value != 0


def _sort_runs(text_page: pypdfium2.PdfTextPage, boxes: Sequence[_Box]) -> list[tuple[Rect, str]]:
    """Put each run of text into the smallest box around it; returns the runs outside of all."""
    loose: list[tuple[Rect, str]] = []
    open_run: tuple[Rect, str, _Box | None] | None = None
    last: Rect = (0, 0, 0, 0)
    for index in range(text_page.count_rects()):
        rect: Rect = text_page.get_rect(index)
        text = text_page.get_text_bounded(*rect)
        box = _around(rect, boxes)
        if open_run and open_run[2] is box and (joint := _joint(open_run[0], last, rect)) is not None:
            around = open_run[0]
            union = min(around[0], rect[0]), min(around[1], rect[1]), max(around[2], rect[2]), max(around[3], rect[3])
            open_run = union, open_run[1] + joint + text, box
        else:
            _close(open_run, loose)
            open_run = rect, text, box
        last = rect
    _close(open_run, loose)
    return loose


def _close(run: tuple[Rect, str, _Box | None] | None, loose: list[tuple[Rect, str]]) -> None:
    if run is None or not (text := " ".join(run[1].split())):
        return
    rect, _, box = run
    if box:
        box.runs.append(text)
    else:
        loose.append((rect, text))


def _around(rect: Rect, boxes: Sequence[_Box]) -> _Box | None:
    x, y = _centre(rect)
    around = [b for b in boxes if b.rect[0] <= x <= b.rect[2] and b.rect[1] <= y <= b.rect[3]]
    return min(around, key=lambda b: (b.rect[2] - b.rect[0]) * (b.rect[3] - b.rect[1])) if around else None


def _joint(run: Rect, last: Rect, rect: Rect) -> str | None:
    """What joins a word to the run before it: nothing on its last line, a space on the next, None if it is apart."""
    height = max(rect[3] - rect[1], 4.0)
    if min(last[3], rect[3]) > max(last[1], rect[1]):
        return "" if -height < rect[0] - last[2] < height * 1.5 else None
    below = run[1] - rect[3]
    centred = rect[0] < run[2] and rect[2] > run[0] - height * 5
    return " " if -1 < below < height * 1.2 and centred else None


def _connected(lines: list[list[Point]], heads: list[Point], boxes: Sequence[_Box]) -> Iterator[_Arrow]:
    """The lines that lead from one box to another, hung on the box they leave."""
    for points in lines:
        if not heads or not boxes:
            return
        if min(math.dist(points[0], head) for head in heads) < min(math.dist(points[-1], head) for head in heads):
            points = points[::-1]
        source, target = _nearest(points[0], boxes), _nearest(points[-1], boxes)
        if source and target and source is not target:
            arrow = _Arrow(points, target)
            source.arrows.append(arrow)
            yield arrow


def _nearest(point: Point, boxes: Sequence[_Box]) -> _Box | None:
    distance, box = min(((_outside(point, box.rect), box) for box in boxes), key=lambda pair: pair[0])
    return box if distance <= REACH_POINTS else None


def _outside(point: Point, rect: Rect) -> float:
    """How far a point lies outside of a rectangle; 0 inside."""
    return math.hypot(max(rect[0] - point[0], 0, point[0] - rect[2]), max(rect[1] - point[1], 0, point[1] - rect[3]))


def _centre(rect: Rect) -> Point:
    return (rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2


def _label(arrows: Sequence[_Arrow], boxes: Sequence[_Box], loose: Sequence[tuple[Rect, str]]) -> None:
    """Give each text outside of boxes to the arrow it is at: nearest pairs first, one text an arrow."""
    forks = {id(arrow) for box in boxes if len(box.arrows) > 1 for arrow in box.arrows}
    pairs = []
    for number, (rect, _) in enumerate(loose):
        beside = (rect[0], (rect[1] + rect[3]) / 2)  # drawing programs set a label just right of its arrow
        for arrow in arrows:
            gap = min(_distance(beside, arrow.points), _distance(_centre(rect), arrow.points))
            if gap <= LABEL_REACH_POINTS:
                pairs.append((gap + (0 if id(arrow) in forks else STRAIGHT_PENALTY_POINTS), number, id(arrow), arrow))
    given: set[int] = set()
    for _, number, _, arrow in sorted(pairs, key=lambda pair: pair[:3]):
        if number not in given and not arrow.label:
            given.add(number)
            arrow.label = loose[number][1]


def _distance(point: Point, points: Sequence[Point]) -> float:
    """From a point to a line given by its corners."""
    return min(_to_segment(point, start, end) for start, end in pairwise(points))


def _to_segment(point: Point, start: Point, end: Point) -> float:
    length = math.dist(start, end)
    if length == 0:
        return math.dist(point, start)
    along = ((point[0] - start[0]) * (end[0] - start[0]) + (point[1] - start[1]) * (end[1] - start[1])) / length**2
    along = min(1.0, max(0.0, along))
    return math.dist(point, (start[0] + along * (end[0] - start[0]), start[1] + along * (end[1] - start[1])))


def _written(boxes: list[_Box], number: int) -> Iterator[Block]:
    """The boxes depth first from the ones nothing leads to; a titled box opens a section for what follows it."""
    led_to = {id(arrow.target) for box in boxes for arrow in box.arrows}
    top = sorted(boxes, key=lambda box: (id(box) in led_to, -box.rect[3]))
    chart = next((box.text for box in top if box.is_title), top[0].text)
    sections: dict[str, list[str]] = {}
    seen: set[int] = set()
    waiting: list[tuple[_Box, str]] = [(box, chart) for box in reversed(top)]
    while waiting:
        box, section = waiting.pop()
        if id(box) in seen:
            continue
        seen.add(id(box))
        section = box.text if box.is_title else section
        if box.arrows or box.is_title:
            sections.setdefault(section, []).append(_sentence(box))
        ordered = sorted(
            box.arrows,
            key=lambda arrow: (arrow.target.is_title if arrow.target else False, not arrow.label.startswith("Yes")),
        )
        waiting.extend((arrow.target, section) for arrow in reversed(ordered) if arrow.target)
    for section, lines in sections.items():
        headings = (chart,) if section == chart else (chart, section)
        yield Block("\n".join(filter(None, lines)), BlockKind.LINES, headings, number)


def _sentence(box: _Box) -> str:
    """One box and where each of its arrows leads."""
    ways = [(arrow.label, arrow.target.text) for arrow in box.arrows if arrow.target]
    if not ways:
        return ""
    if all(not label for label, _ in ways):
        return f"{_stopped(box.text)} Then: {_stopped('; or '.join(text for _, text in ways))}"
    ways.sort(key=lambda way: not way[0].startswith("Yes"))
    return " ".join([_stopped(box.text), *(f"{label or 'Otherwise'}: {_stopped(text)}" for label, text in ways)])


def _stopped(text: str) -> str:
    return text if text.endswith((".", "?", "!", ":")) else f"{text}."
