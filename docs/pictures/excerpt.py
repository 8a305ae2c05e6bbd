"""Puts one function of a really generated `agent_file.py` into the README.

python docs/pictures/excerpt.py

The agent is the retail example's. `tests/project/test_readme.py` fails when the README shows anything else than what is
generated today.
"""

import ast
import json
import re
import textwrap
from pathlib import Path

from oratio.authoring.author import author
from oratio.domain.agents.brief import AgentBrief, AgentType

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
EXAMPLE = ROOT / "examples" / "retail"
FUNCTION = "cancel_pending_order"
_PLACE = re.compile(r"(<!-- excerpt: begin -->\n).*?(<!-- excerpt: end -->)", re.DOTALL)


def generated() -> str:
    """Return the whole file that the retail example's SOP becomes."""
    brief = AgentBrief(
        agent_name="Retail desk",
        agent_type=AgentType.TEXT,
        sop=(EXAMPLE / "sop" / "policy.md").read_text(),
        knowledge_base_description="Questions about products, delivery, returns and gift cards",
        human_handoff_description="When the caller asks for a human or the request is outside the policy",
        folder_file_descriptions=json.loads((EXAMPLE / "descriptions.json").read_text()),
    )
    return author(brief).code


def excerpt(code: str) -> str:
    """Return the source of `FUNCTION` with its decorators, moved to the left edge."""
    found = [
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == FUNCTION
    ]
    (function,) = found
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return textwrap.dedent("\n".join(code.splitlines()[first - 1 : function.end_lineno]))


def written(readme: str, code: str) -> str:
    """Return the README with the excerpt of `code` in its place."""
    block = f"```python\n{excerpt(code)}\n```\n"
    text, places = _PLACE.subn(lambda match: match[1] + block + match[2], readme)
    if places != 1:
        raise SystemExit(f"{README.name} needs one pair of the marks 'excerpt: begin' and 'excerpt: end'")
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(), generated()))
