"""What axe-core finds wrong with a page."""

from axe_core_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_OPTIONS = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


def findings(page: Page) -> list[str]:
    """Serious and critical violations: the rule, and the element it is about."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    told = page.evaluate("options => axe.run(document, options)", _OPTIONS)
    return [
        f"{rule['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for rule in told["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
