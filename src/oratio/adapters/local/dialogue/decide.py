"""One turn by rule: from plan, transcript and tools to the next tool calls or the reply."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from oratio.adapters.local.dialogue import evidence as judging
from oratio.adapters.local.dialogue import phrasing, procedures
from oratio.adapters.local.dialogue.handoff import OFFER, handoff_reason, summary, was_offered
from oratio.adapters.local.dialogue.intents import Intent, classify, strip_pleasantries
from oratio.adapters.local.dialogue.question import question
from oratio.adapters.local.dialogue.selection import chosen
from oratio.adapters.local.dialogue.small_talk import social_reply
from oratio.adapters.local.dialogue.text import content_stems, stems, terms
from oratio.adapters.local.dialogue.transcript import Exchange, ToolReply, Transcript
from oratio.domain.plan import AgentPlan

SEARCH = "search_knowledge_base"
HAND_OFF = "hand_off_to_human"
MAX_QUERIES = 3


class Call(NamedTuple):
    """A tool to call next."""

    name: str
    input: dict[str, Any]


class Reply(NamedTuple):
    """What to say, and what it rests on. `answered` is False only where something asked was not answered."""

    text: str
    answered: bool = True
    passage_ids: tuple[str, ...] = ()
    step_ids: tuple[str, ...] = ()


type Decision = tuple[Call, ...] | Reply


def decide(plan: AgentPlan, transcript: Transcript, tools: Mapping[str, str], threshold: float) -> Decision:
    """The next thing to do.

    Args:
        plan: What the agent is to do.
        transcript: What was said and looked up.
        tools: Descriptions of the tools at hand by name.
        threshold: Evidence (0 to 1) wanted before an answer is given.
    """
    return _Turn(plan, transcript, tools, threshold).decide()


class _Turn:
    def __init__(self, plan: AgentPlan, transcript: Transcript, tools: Mapping[str, str], threshold: float) -> None:
        self.plan = plan
        self.transcript = transcript
        self.tools = tools
        self.threshold = threshold
        self.prompt = transcript.prompt
        self.manner = plan.agent_type

    def decide(self) -> Decision:
        names = [reply.name for reply in self.transcript.replies]
        if HAND_OFF in names:
            return self.handed_off(self.transcript.replies[names.index(HAND_OFF)])
        searched = [reply for reply in self.transcript.replies if reply.name == SEARCH]
        if searched:
            return self.answer(searched)
        if self.transcript.replies:
            return self.follow_procedure()
        return self.first_move()

    def first_move(self) -> Decision:
        intent = classify(self.prompt)
        reason = handoff_reason(self.plan, self.prompt, intent)
        if reason is None and intent is Intent.YES and was_offered(self.transcript.last_reply):
            reason = "The caller accepted the offer to speak to a person."
        if reason is not None:
            return self.hand_off(reason)
        pending = procedures.pending(self.plan, self.transcript.last_reply)
        if pending and not procedures.is_factual(self.prompt) and not self.prompt.rstrip().endswith("?"):
            return self.follow_procedure()
        if said := social_reply(self.plan, intent, self.transcript):
            return Reply(said)
        if rail := procedures.prohibition(self.plan, self.prompt):
            ids = tuple(step.step_id for step in procedures.steps_of(self.plan, rail))
            text = phrasing.closed(phrasing.to_caller(rail.text))
            return Reply(f"I'm sorry, that is not possible. {text}", step_ids=ids)
        hit = procedures.find(self.plan, self.prompt)
        if hit and procedures.is_request(self.prompt):
            if name := self.tool_of(hit[0]):
                return (Call(name, {}),)
            return self.follow_procedure()
        if SEARCH not in self.tools:
            return self.answer([])
        return tuple(Call(SEARCH, {"query": query}) for query in self.queries())

    def tool_of(self, procedure: procedures.Procedure) -> str | None:
        """The tool that stands for a procedure: the one whose name says its title."""
        title = set(content_stems(procedure.title))
        best, most = None, 0.6
        for name in self.tools:
            if name in (SEARCH, HAND_OFF):
                continue
            own = set(content_stems(name))
            share = len(title & own) / max(1, len(title | own))
            if share > most:
                best, most = name, share
        return best

    def hand_off(self, reason: str) -> Decision:
        if HAND_OFF not in self.tools:
            return Reply("I'm sorry, I can't put you through to a person from here.", answered=False)
        active = procedures.active(self.plan, self.transcript.past)
        groups = procedures.needed(self.plan, active) if active else [(f,) for s in self.plan.steps for f in s.facts]
        known = procedures.known_facts(groups, self.transcript.past, self.prompt)
        return (Call(HAND_OFF, {"reason": reason, "summary": summary(self.transcript, known)}),)

    def handed_off(self, reply: ToolReply) -> Reply:
        if not reply.ok:
            return Reply(
                "I'm sorry, I could not reach a person just now. Please try again in a moment.", answered=False
            )
        announcement = str(reply.result.get("announcement") or self.plan.handoff.announcement)
        return Reply(announcement or "I am handing you over to a person now. Please hold on.")

    def queries(self) -> list[str]:
        """What to search for: each question of the message, with the topic it follows up."""
        parts = [strip_pleasantries(part) for part in re.findall(r"[^?]+\?", self.prompt) if content_stems(part)]
        if len(parts) < 2:
            return [" ".join([strip_pleasantries(self.prompt), *self.topic()]).strip()]
        return parts[:MAX_QUERIES]

    def topic(self) -> list[str]:
        """Content words of the previous question, when this one leans on it."""
        if not self.transcript.past or not _leans(self.prompt):
            return []
        before = self.transcript.past[-1].user
        own = set(stems(self.prompt))
        return [term.stem for term in terms(before) if term.stem not in own] and _content_words(before)

    def answer(self, searched: Sequence[ToolReply]) -> Reply:
        if searched and not any(reply.ok for reply in searched):
            return Reply(f"I'm sorry, I can't look that up right now. {OFFER}", answered=False)
        said: list[str] = []
        passage_ids: list[str] = []
        last_path = ""
        for reply in searched:
            asked = question(str(reply.input.get("query") or self.prompt))
            found = judging.best(asked, judging.passages_of(reply.result))
            if found is None or found.score < self.threshold:
                continue
            units = chosen(asked, found, 4 if self.manner == "text" else 3)
            text = phrasing.body(units, self.manner)
            passage = found.passage
            said.append(
                text
                if passage.path == last_path
                else phrasing.attributed(passage.path, passage.page, text, self.manner)
            )
            passage_ids.append(passage.id)
            last_path = passage.path
        if not said:
            return self.not_answered()
        return Reply(" ".join(said), passage_ids=tuple(dict.fromkeys(passage_ids)))

    def not_answered(self) -> Reply:
        return Reply(
            f"I'm sorry, the documents I have don't answer that, and I don't want to guess. {OFFER}", answered=False
        )

    def follow_procedure(self) -> Reply:
        past = self.transcript.past
        hit = procedures.find(self.plan, self.prompt)
        procedure = hit[0] if hit else procedures.active(self.plan, past)
        if procedure is None:
            return self.not_answered()
        groups = procedures.needed(self.plan, procedure)
        known = procedures.known_facts(groups, past, self.prompt)
        wanted = procedures.missing(groups, known)
        if wanted is not None:
            lead = self.lead(procedure, known, wanted.question)
            return Reply(f"{lead} {wanted.question}".strip(), step_ids=self.ids_for(procedure, wanted.name))
        steps = [step for step in procedure.steps if step.kind in ("action", "ask", "inform", "say")]
        noted = "; ".join(f"{entry.fact.name.replace('_', ' ')}: {entry.value}" for entry in known)
        parts = [f"I have noted {noted}." if noted else "", phrasing.in_order([step.text for step in steps[:6]])]
        parts.append(f"I can't do this myself from here. {OFFER}")
        return Reply(" ".join(part for part in parts if part), step_ids=tuple(step.step_id for step in steps[:6]))

    def lead(self, procedure: procedures.Procedure, known: Sequence[procedures.Known], question: str) -> str:
        if question in self.transcript.last_reply:
            return "Sorry, I did not catch that."
        if any(question_of in self.transcript.last_reply for question_of in (entry.fact.question for entry in known)):
            return "Thank you."
        return f"I can help with that: {procedure.title.lower()}."

    def ids_for(self, procedure: procedures.Procedure, fact: str) -> tuple[str, ...]:
        steps = (*procedures.preliminaries(self.plan), *procedure.steps)
        return tuple(step.step_id for step in steps if any(entry.name == fact for entry in step.facts))[:3]


def _leans(prompt: str) -> bool:
    """Whether a message makes sense only with the one before it: short, or opening with "and", "what about", "it"."""
    said = prompt.lower().strip()
    if re.match(r"^(?:and|what about|how about|but what|so|or)\b", said):
        return len(content_stems(prompt)) <= 4
    return len(content_stems(prompt)) <= 3 and bool(
        re.search(r"\b(?:it|that|this|they|them|those|these|one|there)\b", said)
    )


def _content_words(text: str) -> list[str]:
    kept = set(content_stems(text))
    return [word for word in re.findall(r"[\w-]+", text) if content_stems(word) and set(content_stems(word)) <= kept]


def last_exchange(transcript: Transcript) -> Exchange | None:
    return transcript.past[-1] if transcript.past else None
