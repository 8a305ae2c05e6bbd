"""Short natural replies to greetings, thanks, goodbyes and the like, within the agent's role."""

import re

from oratio.adapters.local.dialogue import phrasing
from oratio.adapters.local.dialogue.handoff import was_offered
from oratio.adapters.local.dialogue.intents import Intent
from oratio.adapters.local.dialogue.procedures import procedures
from oratio.adapters.local.dialogue.stages import quoted_say
from oratio.adapters.local.dialogue.transcript import ChatHistory
from oratio.adapters.local.dialogue.units import plain
from oratio.domain.plan.agent_plan import AgentPlan

MAX_TOPICS = 5


def social_reply(plan: AgentPlan, intent: Intent, transcript: ChatHistory) -> str | None:
    """The reply to a message without a subject of its own; None when it has one."""
    match intent:
        case Intent.GREETING:
            return _greeting(plan)
        case Intent.HOW_ARE_YOU:
            return f"I'm doing well, thank you. {_abilities(plan)} What can I do for you?"
        case Intent.THANKS:
            return "You're welcome. Is there anything else I can help you with?"
        case Intent.GOODBYE:
            return _closing(plan)
        case Intent.IDENTITY:
            return f"I'm {plan.agent_name}, an automated assistant, not a person. {_abilities(plan)}"
        case Intent.ABILITIES:
            return f"{_abilities(plan)} What would you like to know?"
        case Intent.REPEAT:
            return transcript.last_reply or "I haven't said anything yet. What can I do for you?"
        case Intent.YES:
            return "Good. What would you like to know?"
        case Intent.NO:
            return _after_no(plan, transcript)
        case Intent.ATTACK:
            return f"I'm sorry, I can't do that. {_abilities(plan)}"
        case Intent.EMPTY:
            return "I didn't get anything. What can I do for you?"
        case Intent.NOISE:
            return "Sorry, I didn't understand that. Could you say it in other words?"
        case _:
            return None


def _greeting(plan: AgentPlan) -> str:
    """The SOP's own greeting where it prescribes one, else one with the agent's name; and what it can help with."""
    if wording := _prescribed(plan, r"\b(?:greet|greeting|opening|welcome|start of|begin)"):
        return wording if plan.agent_type == "voice" else f"{wording} {_abilities(plan)}"
    return f"Hello, this is {plan.agent_name}. {_abilities(plan)} What can I do for you?"


def _closing(plan: AgentPlan) -> str:
    return _prescribed(plan, r"\b(?:clos|goodbye|farewell|end of|sign off|before hanging up)") or (
        "Goodbye, and thank you for getting in touch."
    )


def _prescribed(plan: AgentPlan, occasion: str) -> str | None:
    for step in plan.steps:
        if re.search(occasion, f"{step.section.rsplit(' > ', 1)[-1]} {step.text}", re.I) and (
            wording := quoted_say(step)
        ):
            return wording
    return None


def _after_no(plan: AgentPlan, transcript: ChatHistory) -> str:
    if "anything else" in transcript.last_reply:
        return _closing(plan)
    if was_offered(transcript.last_reply):
        return "All right. Is there anything else I can help you with?"
    return "All right. What else can I help you with?"


def _abilities(plan: AgentPlan) -> str:
    """What the agent can help with, from its role, else its procedures, else its documents."""
    role = plain(plan.role)
    if found := re.search(r"\b(?:helps?|assists?) (?:\w+ ){0,3}?with\s+([^.:;]{5,200})", role, re.I):
        topics = found[1].strip().rstrip(",")
        return f"I can help you with {topics}."
    titles = [
        procedure.title
        for procedure in procedures(plan)
        if not re.search(r"\brules?\b|general|basic", procedure.title, re.I)
    ]
    if titles:
        return f"I can help with: {', '.join(phrasing.lower_first(title) for title in titles[:MAX_TOPICS])}."
    topics_of = [phrasing.closed(topic.text)[:-1] for topic in plan.retrieval.topics][:MAX_TOPICS]
    if topics_of:
        return f"I can answer questions about {_listed([phrasing.lower_first(topic) for topic in topics_of])}."
    return "I can answer questions from the documents I was given."


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
