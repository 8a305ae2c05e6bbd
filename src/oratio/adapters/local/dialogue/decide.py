"""One turn by rule: from plan, transcript and tools to the next tool calls or the reply."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from oratio.adapters.local.dialogue import answers, following, procedures
from oratio.adapters.local.dialogue.handoff import OFFER, handoff_reason, summary, was_offered
from oratio.adapters.local.dialogue.intents import Intent, classify
from oratio.adapters.local.dialogue.perspective import to_caller
from oratio.adapters.local.dialogue.phrasing import closed
from oratio.adapters.local.dialogue.replies import BuiltinReply
from oratio.adapters.local.dialogue.small_talk import social_reply
from oratio.adapters.local.dialogue.transcript import ChatHistory, ToolReply
from oratio.domain.plan.agent_plan import AgentPlan

SEARCH = "search_knowledge_base"
HAND_OFF = "hand_off_to_human"


class ToolUse(NamedTuple):
    """A tool to call next."""

    name: str
    input: dict[str, Any]


type Decision = tuple[ToolUse, ...] | BuiltinReply


def decide(
    plan: AgentPlan, transcript: ChatHistory, tools: Mapping[str, Mapping[str, Any]], threshold: float
) -> Decision:
    """The next thing to do.

    Args:
        plan: What the agent is to do.
        transcript: What was said and looked up.
        tools: The tools at hand by name, each with the JSON schemas of its parameters by name.
        threshold: Evidence (0 to 1) wanted before an answer is given.
    """
    return _Turn(plan, transcript, tools, threshold).decide()


class _Turn:
    def __init__(
        self, plan: AgentPlan, transcript: ChatHistory, tools: Mapping[str, Mapping[str, Any]], threshold: float
    ) -> None:
        self.plan = plan
        self.transcript = transcript
        self.tools = tools
        self.threshold = threshold
        self.prompt = transcript.prompt

    def decide(self) -> Decision:
        for reply in self.transcript.replies:
            if reply.name == HAND_OFF:
                return self.handed_off(reply)
        searched = [reply for reply in self.transcript.replies if reply.name == SEARCH]
        followed = [reply for reply in self.transcript.replies if reply.name != SEARCH]
        if followed and (procedure := self.procedure()):
            return following.reply(self.plan, procedure, self.transcript)
        if searched:
            return self.answer(searched)
        return self.first_move()

    def first_move(self) -> Decision:
        intent = classify(self.prompt)
        reason = handoff_reason(self.plan, self.prompt, intent)
        if reason is None and intent is Intent.YES and was_offered(self.transcript.last_reply):
            reason = "The caller accepted the offer to speak to a person."
        if reason is not None:
            return self.hand_off(reason)
        if self.answers_a_question() and (procedure := procedures.active(self.plan, self.transcript.past)):
            return self.follow(procedure)
        if said := social_reply(self.plan, intent, self.transcript):
            return BuiltinReply(said)
        if rail := procedures.prohibition(self.plan, self.prompt):
            ids = tuple(step.step_id for step in procedures.steps_of(self.plan, rail))
            return BuiltinReply(f"I'm sorry, that is not possible. {closed(to_caller(rail.text))}", step_ids=ids)
        hit = procedures.find(self.plan, self.prompt)
        if hit and procedures.wants_procedure(self.prompt, hit):
            return self.follow(hit.procedure)
        if SEARCH not in self.tools:
            return self.answer([])
        return tuple(ToolUse(SEARCH, {"query": query}) for query in answers.queries(self.transcript))

    def answers_a_question(self) -> bool:
        """Whether the message answers the fact that was asked for last, rather than opening something new."""
        pending = procedures.pending(self.plan, self.transcript.last_reply)
        if pending is None or self.prompt.rstrip().endswith("?") or procedures.is_factual(self.prompt):
            return False
        hit = procedures.find(self.plan, self.prompt)
        return hit is None or hit.score < 0.7 or not procedures.asks_outright(self.prompt)

    def procedure(self) -> procedures.SopProcedure | None:
        """The procedure this turn is in."""
        if not self.answers_a_question() and (hit := procedures.find(self.plan, self.prompt)):
            return hit.procedure
        return procedures.active(self.plan, self.transcript.past)

    def follow(self, procedure: procedures.SopProcedure) -> Decision:
        """Call the tool that stands for a procedure with the facts known so far; without one, go by the plan."""
        name = procedures.tool_for(procedure, [tool for tool in self.tools if tool not in (SEARCH, HAND_OFF)])
        if name is None:
            return following.reply(self.plan, procedure, self.transcript)
        known = following.known_in(self.plan, procedure, self.transcript)
        return (ToolUse(name, following.arguments(known, self.tools[name])),)

    def hand_off(self, reason: str) -> Decision:
        if HAND_OFF not in self.tools:
            return BuiltinReply("I'm sorry, I can't put you through to a person from here.", answered=False)
        every = [(fact,) for step in self.plan.steps for fact in step.facts]
        known = procedures.known_facts(every, self.transcript.past, self.prompt)
        return (ToolUse(HAND_OFF, {"reason": reason, "summary": summary(self.transcript, known)}),)

    def handed_off(self, reply: ToolReply) -> BuiltinReply:
        if not reply.ok:
            return BuiltinReply(
                "I'm sorry, I could not reach a person just now. Please try again in a moment.", answered=False
            )
        announcement = str(reply.result.get("announcement") or self.plan.handoff.announcement)
        return BuiltinReply(announcement or "I am handing you over to a person now. Please hold on.")

    def answer(self, searched: Sequence[ToolReply]) -> Decision:
        hit = procedures.find(self.plan, self.prompt)
        found = answers.answer(self.plan, self.transcript, searched, self.threshold)
        if found:
            return found
        if hit and procedures.is_request(self.prompt) and not self.prompt.rstrip().endswith("?"):
            return self.follow(hit.procedure)
        if searched and not any(reply.ok for reply in searched):
            return BuiltinReply(f"I'm sorry, I can't look that up right now. {OFFER}", answered=False)
        return BuiltinReply(
            f"I'm sorry, the documents I have don't answer that, and I don't want to guess. {OFFER}", answered=False
        )
