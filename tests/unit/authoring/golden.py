"""Writes the golden plans anew: `python -m tests.unit.authoring.golden`; read the diff before committing it."""

from oratio.authoring.plan import draft_plan
from tests.unit.authoring.samples import GOLDEN, SOPS, brief, text_of


def golden_json(name: str) -> str:
    return draft_plan(brief(text_of(name))).model_dump_json(indent=1) + "\n"


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name in SOPS:
        (GOLDEN / f"{name}.json").write_text(golden_json(name))


if __name__ == "__main__":
    main()
