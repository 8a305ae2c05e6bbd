"""What axe-core finds wrong with a page."""

from axe_core_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
_COLOURS = {"type": "rule", "values": ["color-contrast"]}
_LOOKS, _SETTLE_MS = 4, 400


def findings(page: Page, *, colours_only: bool = False) -> list[str]:
    """Serious and critical violations: the rule, and the element it is about.

    Args:
        colours_only: Of a page that was judged whole before and has only changed its colours since.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], "runOnly": _COLOURS if colours_only else _EVERYTHING}
    told = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for rule in told["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def lasting(page: Page, *, colours_only: bool = False) -> list[str]:
    """As `findings`, of a page that may be drawing itself anew just then: what is not there at a later look is none."""
    for _ in range(_LOOKS - 1):
        if not findings(page, colours_only=colours_only):
            return []
        page.wait_for_timeout(_SETTLE_MS)
    return findings(page, colours_only=colours_only)
