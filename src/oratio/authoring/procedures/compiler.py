"""Compiler of SOPs: text in, flow out. Deterministic, total and fast."""

import re

from oratio.authoring.language import guess_language
from oratio.authoring.procedures.assemble import Assembler
from oratio.authoring.procedures.grammar import LANGUAGES
from oratio.authoring.procedures.layout.document import read_document
from oratio.authoring.procedures.resolve import resolved
from oratio.authoring.procedures.state import CompilerState
from oratio.domain.procedures.flow import Flow, LineFate


def compile_sop(text: str) -> Flow:
    """Compile an SOP.

    Args:
        text: Markdown or plain text of any shape.

    Returns:
        Its flow. Every line that holds a letter or digit has a fate.
    """
    document = read_document(text)
    guessed = guess_language(text)
    state = CompilerState(guessed if guessed in LANGUAGES else "en")
    assembler = Assembler(document, state)
    assembler.run()
    procedures, triggers, rules, names = resolved(assembler, state)
    fates = []
    for line in sorted(document.content):
        fate = state.fates.get(line)
        if fate is None:
            fates.append(LineFate(line=line, fate="not_understood", reason="no instruction was recognised in it"))
            continue
        refs = tuple(dict.fromkeys(names.get(ref, ref) for ref in fate.refs if not _stale(ref, names)))
        fates.append(LineFate.model_validate({"line": line, "fate": fate.fate, "refs": refs, "reason": fate.reason}))
    return Flow(
        title=assembler.title,
        language=guessed,
        languages=tuple(dict.fromkeys((guessed, *state.tags))) if guessed in LANGUAGES else (guessed,),
        procedures=procedures,
        facts=state.book.all(),
        rules=rules,
        triggers=triggers,
        background=tuple(state.background),
        fates=tuple(fates),
    )


def _stale(ref: str, names: dict[str, str]) -> bool:
    return re.fullmatch(r"x\d+", ref) is not None and ref not in names
