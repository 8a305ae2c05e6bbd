"""When a person takes over, why, and the summary for that person."""

from collections.abc import Sequence

from oratio.adapters.local.dialogue.intents import Intent, classify
from oratio.adapters.local.dialogue.lexicon import EVERYDAY
from oratio.adapters.local.dialogue.pleas import spoken
from oratio.adapters.local.dialogue.procedures import Known
from oratio.adapters.local.dialogue.text import content_stems, match, stem, stems
from oratio.adapters.local.dialogue.transcript import ChatHistory
from oratio.domain.plan.agent_plan import AgentPlan, HandoffTrigger

OFFER = "Would you like me to hand you over to a person?"
ASKED = "The caller asked for a human."

_PEOPLE = frozenset(
    map(stem, ["human", "agent", "person", "representative", "operator", "supervisor", "manager", "people", "someone"])
)
_PASSING = frozenset(
    map(
        stem,
        [
            "transfer",
            "hand",
            "handed",
            "handoff",
            "over",
            "speak",
            "talk",
            "connect",
            "ask",
            "request",
            "escalate",
            "want",
            "live",
            "real",
        ],
    )
)
_GENERIC = frozenset(map(stem, EVERYDAY)) | frozenset(map(stem, ["request", "handle", "scope", "action", "policy"]))
_CONJUNCTIONS = frozenset({"and", "or", "if", "when", "but"})
SUMMARY_CHARS = 1_000


def handoff_reason(plan: AgentPlan, prompt: str, intent: Intent) -> str | None:
    """Why to hand over now: the caller's plea, or the operator's words whose trigger the message meets."""
    if intent is Intent.HUMAN:
        return ASKED
    said = spoken(prompt)
    bag = frozenset(stems(prompt))
    for trigger in plan.handoff.triggers:
        if any(_meets(phrase, said, bag) for phrase in trigger.phrases) or _repeats(trigger, said):
            return trigger.text
    return None


def _repeats(trigger: HandoffTrigger, said: str) -> bool:
    """Whether a message is a part of the operator's own sentence, word for word: "the steps did not help"."""
    words = said.split()
    while words and words[0] in _CONJUNCTIONS:
        del words[0]
    return bool(trigger.phrases) and len(words) > 2 and f" {' '.join(words)} " in f" {spoken(trigger.text)} "


def _meets(phrase: str, said: str, bag: frozenset[str]) -> bool:
    """Whether a message holds a trigger's phrase: all its content words, not only words for people and passing on."""
    wanted = content_stems(phrase)
    telling = [word for word in wanted if word not in _PEOPLE and word not in _PASSING and word not in _GENERIC]
    if not telling:
        return False
    if f" {spoken(phrase)} " in f" {said} ":
        return True
    return all(match(word, bag) >= 0.8 for word in (telling if len(telling) > 1 else wanted))


def was_offered(last_reply: str) -> bool:
    """Whether the last reply offered a person."""
    return last_reply.rstrip().endswith(OFFER)


def summary(transcript: ChatHistory, known: Sequence[Known]) -> str:
    """What the human needs to know: the last things asked, in the caller's words, and the facts given."""
    asked = [turn.user for turn in transcript.past if classify(turn.user) is Intent.OTHER]
    given = [text for text in asked if any(entry.value in text and len(text) < 2 * len(entry.value) for entry in known)]
    asked = [text for text in asked if text not in given][-3:]
    parts = [] if classify(transcript.prompt) is Intent.YES else [f'The caller said: "{transcript.prompt}"']
    if asked:
        lead = "Before that" if parts else "The caller asked"
        parts.append(f"{lead}: " + "; ".join(f'"{text}"' for text in asked))
    if known:
        parts.append("Known: " + "; ".join(f"{entry.fact.name.replace('_', ' ')}: {entry.value}" for entry in known))
    return (". ".join(parts) + ".")[:SUMMARY_CHARS]
