"""Answers from the documents, and from what the SOP states as fact."""

import re
from collections.abc import Sequence
from functools import lru_cache

from oratio.adapters.local.dialogue import evidence as judging
from oratio.adapters.local.dialogue import phrasing
from oratio.adapters.local.dialogue.intents import Intent, classify, strip_pleasantries
from oratio.adapters.local.dialogue.perspective import is_imperative, to_caller
from oratio.adapters.local.dialogue.question import question
from oratio.adapters.local.dialogue.replies import BuiltinReply
from oratio.adapters.local.dialogue.selection import chosen
from oratio.adapters.local.dialogue.stages import quoted_say, wording
from oratio.adapters.local.dialogue.text import Term, content_stems, stems, terms
from oratio.adapters.local.dialogue.transcript import ChatHistory, ToolReply
from oratio.domain.plan.agent_plan import AgentPlan, PlanStep

MAX_QUERIES = 3
SENTENCES = {"text": 3, "voice": 2}
SOP_MARGIN = 0.3
"""How much better than the documents the SOP must answer, once the documents answer well enough."""
_FOLLOW_UP = re.compile(r"^(?:and|what about|how about|but what|but|so|or|also|for|with|in|on|from|to)\b")
_NEXT_QUESTION = re.compile(r"\?\s*|,?\s+and\s+(?=(?:what|when|where|how|who|which|why)\b)", re.IGNORECASE)
_DATA_MODEL = re.compile(r"(?:each|every) (?:[\w-]+ ){1,4}(?:has|contains|includes|specif\w+)\b", re.IGNORECASE)
_POINTS_BACK = re.compile(r"\b(?:it|that|this|they|them|those|these|one|there|he|she)\b")


def queries(transcript: ChatHistory) -> list[str]:
    """What to search for: each question of the message on its own, a follow-up with the topic it leans on."""
    prompt = strip_pleasantries(transcript.prompt)
    parts = [part.strip() for part in _NEXT_QUESTION.split(prompt) if len(content_stems(part)) > 0]
    if len(parts) > 1 and "?" in prompt:
        return [f"{part}?" for part in parts[:MAX_QUERIES]]
    topic = topic_words(transcript)
    return [f"{prompt} {' '.join(topic)}".strip() if topic else prompt]


def leans(prompt: str) -> bool:
    """Whether a message makes sense only with the one before it: "and for roaming?", "how long does it take?"."""
    said = prompt.lower().strip()
    content = content_stems(prompt)
    return (bool(_FOLLOW_UP.match(said)) and len(content) <= 4) or (
        len(content) <= 2 and bool(_POINTS_BACK.search(said))
    )


def topic_words(transcript: ChatHistory) -> list[str]:
    """Content words of the last message with a subject of its own, when this one leans on it."""
    if not leans(transcript.prompt):
        return []
    seen = set(stems(transcript.prompt))
    found: list[str] = []
    for turn in reversed(transcript.past):
        if classify(turn.user) is not Intent.OTHER:
            continue
        fresh = {term.stem for term in terms(turn.user)} - seen
        found += [word for word in re.findall(r"[\w-]+", turn.user) if set(content_stems(word)) & fresh]
        seen |= fresh
        if not leans(turn.user):
            break
    return found


def answer(
    plan: AgentPlan, transcript: ChatHistory, searched: Sequence[ToolReply], threshold: float
) -> BuiltinReply | None:
    """What documents and SOP say to the questions asked; None when they answer none of them."""
    manner = plan.agent_type
    said: list[str] = []
    passage_ids: list[str] = []
    step_ids: list[str] = []
    last_path = ""
    context = _context(transcript)
    questions = [str(reply.input.get("query") or transcript.prompt) for reply in searched] or [transcript.prompt]
    alone = len(questions) == 1
    for index, text in enumerate(questions):
        asked = question(strip_pleasantries(transcript.prompt) if alone else text, context if alone else ())
        passages = judging.passages_of(searched[index].result) if searched else []
        found = judging.best(asked, passages)
        from_sop = judging.best(asked, sop_passages(plan))
        if from_sop and from_sop.score >= threshold and _sop_wins(from_sop, found, threshold):
            units = chosen(asked, from_sop, SENTENCES[manner])
            said.append(to_caller(phrasing.body(units, manner)))
            step_ids.extend(step.step_id for step in plan.steps if any(unit.text in step.text for unit in units))
        elif found and found.score >= threshold:
            units = chosen(asked, found, SENTENCES[manner])
            passage = found.passage
            body = phrasing.body(units, manner)
            named = passage.path != last_path
            said.append(phrasing.attributed(passage.path, passage.page, body, manner) if named else body)
            passage_ids.append(passage.id)
            last_path = passage.path
    if not said:
        return None
    return BuiltinReply(
        " ".join(dict.fromkeys(said)),
        passage_ids=tuple(dict.fromkeys(passage_ids)),
        step_ids=tuple(dict.fromkeys(step_ids)),
    )


def _sop_wins(from_sop: judging.Evidence, found: judging.Evidence | None, threshold: float) -> bool:
    return found is None or found.score < threshold or from_sop.score > found.score + SOP_MARGIN


def _context(transcript: ChatHistory) -> list[Term]:
    """Terms of the topic a follow-up leans on: the nearer the heavier."""
    found = terms(" ".join(topic_words(transcript)))
    if any(term.weight >= 1 for term in terms(transcript.prompt)):
        return [term._replace(weight=0.3 * term.weight) for term in found]
    return [term._replace(weight=term.weight * max(0.4, 0.9 - 0.15 * index)) for index, term in enumerate(found)]


@lru_cache(maxsize=64)
def sop_passages(plan: AgentPlan) -> tuple[judging.EvidencePassage, ...]:
    """The plan's steps as passages, one a section, for questions the SOP answers as a statement of fact."""
    sections: dict[str, list[PlanStep]] = {}
    for step in plan.steps:
        if (
            _DATA_MODEL.match(step.text)
            or quoted_say(step)
            or re.search(r"\btool\b", step.text)
            or (wording(step) is None and (step.kind != "inform" or is_imperative(step.text)))
        ):
            continue
        sections.setdefault(step.section, []).append(step)
    return tuple(
        judging.EvidencePassage(
            id=f"sop:{index}",
            path="",
            text="\n\n".join(step.text for step in steps),
            heading=section.partition(" > ")[2],
        )
        for index, (section, steps) in enumerate(sections.items())
    )
