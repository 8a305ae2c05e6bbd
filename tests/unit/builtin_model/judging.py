"""How a reply to a labelled question is judged."""

from pathlib import Path
from typing import Any, NamedTuple

from tests.unit.builtin_model.talk import SAMPLES, SETS, Said, Search, Talk, authored, labelled, local_search

EXAMPLES = {"tuned": "", "second": "_test"}
"""The threshold was chosen on the first half; the second was written afterwards."""


class JudgedTally(NamedTuple):
    """Counts over labelled questions; `right` names the right file and says the gold words."""

    right: int
    wrong: int
    falsely_refused: int
    answerable: int
    refused: int
    unanswerable: int
    cpu_ms: tuple[float, ...]
    misses: tuple[str, ...]


def plainly(text: str) -> str:
    return " ".join(text.lower().replace("`", "").replace("**", "").split())


def is_right(entry: dict[str, Any], said: Said) -> bool:
    named = any(file in entry["files"] for file in said.files)
    from_sop = "sop" in entry["files"] and not said.files and bool(said.step_ids)
    return said.answered and (named or from_sop) and any(gold in plainly(said.text) for gold in entry["gold"])


def searches(root: Path) -> dict[str, Search | None]:
    """The real local knowledge bases of every sample, ingested below `root`."""
    found: dict[str, Search | None] = {}
    for key, name in SETS.items():
        sample = SAMPLES[name]
        found[key] = local_search(sample, root / key) if sample.folder else None
    return found


def tally(half: str, search: dict[str, Search | None]) -> JudgedTally:
    """Ask every question of one half in a conversation of its own."""
    made = {key: authored(SAMPLES[name]) for key, name in SETS.items()}
    suffix = EXAMPLES[half]
    right = wrong = falsely_refused = refused = 0
    cpu_ms: list[float] = []
    misses: list[str] = []
    answerable, unanswerable = labelled(f"answerable{suffix}"), labelled(f"unanswerable{suffix}")
    for entry in answerable:
        said = Talk(made[entry["set"]], search[entry["set"]]).say(entry["q"])
        cpu_ms.append(said.cpu_ms)
        if is_right(entry, said):
            right += 1
            continue
        misses.append(entry["q"])
        wrong += said.answered
        falsely_refused += not said.answered
    for entry in unanswerable:
        said = Talk(made[entry["set"]], search[entry["set"]]).say(entry["q"])
        cpu_ms.append(said.cpu_ms)
        if said.answered:
            misses.append(entry["q"])
        else:
            refused += 1
    return JudgedTally(
        right, wrong, falsely_refused, len(answerable), refused, len(unanswerable), tuple(cpu_ms), tuple(misses)
    )
