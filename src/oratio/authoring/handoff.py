"""When a human takes over: triggers and the phrases that recognise them, from the operator's words."""

# ruff: noqa: RUF001 - it reads the quotation and end marks of several languages

import re
from collections.abc import Sequence

from oratio.authoring.blocks import layout
from oratio.authoring.sop import ItemKind, Sop
from oratio.authoring.steps import sop_source
from oratio.domain.agents.brief import AgentBrief
from oratio.domain.plan.agent_plan import HandoffPolicy, HandoffTrigger, Source, SourceDocument
from oratio.text.stop_words import CONVERSATION, FUNCTION_WORDS, FUNCTION_WORDS_ELSEWHERE

MAX_TRIGGERS = 60
MAX_PHRASES = 12

ASKS_FOR_A_HUMAN: dict[str, tuple[str, ...]] = {
    "en": (
        "talk to a human", "speak to a human", "talk to a person", "speak to a person", "real person", "human agent",
        "live agent", "talk to someone", "speak to a representative", "speak with an agent", "transfer me",
    ),
    "de": (
        "mit einem menschen sprechen", "mit einem mitarbeiter sprechen", "echten menschen", "mitarbeiter sprechen",
        "verbinden sie mich",
    ),
    "fr": ("parler à un humain", "parler à un conseiller", "parler à quelqu'un"),
    "es": ("hablar con una persona", "hablar con un agente", "hablar con alguien"),
    "it": ("parlare con una persona", "parlare con un operatore"),
    "pt": ("falar com uma pessoa", "falar com um atendente"),
    "nl": ("met een medewerker spreken", "met een mens spreken"),
    "pl": ("rozmawiać z człowiekiem", "rozmawiać z konsultantem"),
}  # fmt: skip
_ANNOUNCEMENTS = {
    "en": "I am handing you over to a colleague now. Please stay with me for a moment.",
    "de": "Ich verbinde Sie jetzt mit einer Kollegin oder einem Kollegen. Einen Moment bitte.",
    "fr": "Je vous mets en relation avec un conseiller. Un instant, s'il vous plaît.",
    "es": "Le paso ahora con una persona de nuestro equipo. Un momento, por favor.",
    "it": "La metto in contatto con un operatore. Un momento, per favore.",
    "pt": "Vou transferir você para um atendente. Um momento, por favor.",
    "nl": "Ik verbind u nu door met een medewerker. Een ogenblik alstublieft.",
    "pl": "Łączę teraz z konsultantem. Proszę chwilę poczekać.",
}

_HUMAN_WISH = re.compile(
    r"\b(?:ask(?:s|ed|ing)?(?: for)?|want(?:s|ed)?|request(?:s|ed)?|prefer(?:s|red)?|insist(?:s|ed)?|wish(?:es)?|"
    r"demand(?:s|ed)?|"
    r"möchte|verlangt|wünscht|demande|pide|solicita|chiede)\b.{0,40}\b(?:humans?|persons?|agents?|"
    r"representatives?|someone|people|"
    r"operators?|colleagues?|menschen?|mitarbeiter\w*|person|conseiller|persona|agente|operatore)\b",
    re.IGNORECASE,
)
_OWN_LIMITS = re.compile(
    r"\b(?:scope|cannot|can['’]?t|none|nothing|unable|not able|don['’]?t (?:know|answer|cover|contain)|doesn['’]?t|"
    r"do not|does not|not (?:covered|resolved|in|sure)|"
    r"no answer|unresolved|fails?|failed|outside|beyond|unclear|nicht (?:beantwort\w+|lösen|gelöst|möglich))\b",
    re.IGNORECASE,
)
PEOPLE = frozenset({"manager", "supervisor", "specialist", "operator"})
_PASSING_ON = re.compile(
    r"^.{0,80}?\b(?:when(?:ever)?|if|for|in case of|wenn|falls|bei)\b|^(?:please\s+)?(?:transfer|escalate|"
    r"hand (?:over|off)|pass on|forward|route)\b",
    re.IGNORECASE,
)
_TO_WHOM = re.compile(r"\b(?:to|an)\s+(?:the|an?|our|your|eine[nm]?|den|die)\s+[\w -]{2,40}[.!]?$", re.IGNORECASE)
_PREDICATE = re.compile(
    r"(?:is|has|was|wants|needs|asks|threatens|mentions|reports|demands|insists|requests|becomes|sounds|seems|complains|"
    r"disputes|refuses|cannot|does|gets|says|repeats|expresses|uses|raises)\b",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"[;,.!?:•()]\s*|\s+(?:or|and|oder|und|ou|as well as|if|when(?:ever)?|wenn|falls)\s+|^(?:if|when|or|and)\s+|\n",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s$")
# What operators write around a situation: who calls, that it is said or wanted, and that it is passed on.
_PASSING_WORDS = """
user users customer customers caller callers client clients guest guests member members person people human humans
wants wanted asks asked asking requests request requested needs needed mentions mention mentioned says said reports
report reported seems seem becomes become insists insist expresses express makes make case cases hand handed off over
transfer transferred escalate escalated connect agent agents representative immediately always time call whenever e.g
etc threatens threaten talk talking speak speaking regarding concerning related involving involves involve kunde
kunden kundin anrufer möchte wünscht verlangt will bitte immer mitarbeiter menschen spricht droht weiterleiten
verbinden übergeben
"""
_STOP = FUNCTION_WORDS | FUNCTION_WORDS_ELSEWHERE | CONVERSATION | frozenset(_PASSING_WORDS.split())
_VAGUE_WORDS = """
other others else different further additional pass help question questions issue issues problem problems thing things
matter matters topic topics type types inquiry inquiries item items service services support information detail details
reason reasons situation situations explicit general specific number numbers way ways step steps part parts point points
anfrage anfragen frage fragen problem probleme thema themen andere anderen sonstige weitere
"""
_VAGUE = frozenset(_VAGUE_WORDS.split())
"""Alone they show nothing: a trigger met by any of them would hand over every caller, or, to a careful model, none."""
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "angry": ("angry", "furious", "this is unacceptable"),
    "upset": ("upset", "very disappointed"),
    "frustrated": ("frustrated", "fed up"),
    "legal": ("lawyer", "legal action", "sue you"),
    "lawyer": ("lawyer", "sue you"),
    "lawsuit": ("lawsuit", "sue you"),
    "emergency": ("emergency",),
    "complaint": ("file a complaint", "formal complaint"),
    "complain": ("file a complaint",),
    "complains": ("file a complaint",),
    "supervisor": ("supervisor", "your manager"),
    "manager": ("manager",),
    "fraud": ("fraud", "fraudulent charge"),
    "anwalt": ("anwalt", "rechtsanwalt"),
    "verärgert": ("verärgert", "wütend"),
    "beschwerde": ("beschwerde", "beschweren"),
}


def compile_handoff(brief: AgentBrief, sop: Sop, language: str) -> tuple[HandoffPolicy, set[int]]:
    """The hand-off policy, and which items of the SOP went into it."""
    description = brief.human_handoff_description
    lines = description.count("\n") + 1
    whole = Source(document=SourceDocument.HUMAN_HANDOFF_DESCRIPTION, line_start=1, line_end=lines)
    triggers = [_asks_for_human(description, language, whole)]
    triggers.extend(_from_description(description))
    from_sop, announcement, used = _from_sop(sop)
    triggers.extend(from_sop)
    said = announcement or _ANNOUNCEMENTS.get(language, _ANNOUNCEMENTS["en"])
    return HandoffPolicy(triggers=tuple(triggers[:MAX_TRIGGERS]), announcement=said, source=whole), used


def _asks_for_human(description: str, language: str, whole: Source) -> HandoffTrigger:
    phrases = ASKS_FOR_A_HUMAN.get(language, ()) + (ASKS_FOR_A_HUMAN["en"] if language != "en" else ())
    if language not in ASKS_FOR_A_HUMAN:
        phrases = ASKS_FOR_A_HUMAN["en"]
    return HandoffTrigger(text="The caller asks for a human.", phrases=phrases, source=whole)


def _from_description(description: str) -> list[HandoffTrigger]:
    found = []
    for unit in layout(description):
        if unit.kind == "heading" or (unit.leads_in and not situations(unit.text)):
            continue
        source = Source(document=SourceDocument.HUMAN_HANDOFF_DESCRIPTION, line_start=unit.start, line_end=unit.end)
        found.append(HandoffTrigger(text=unit.text, phrases=phrases_of(unit.text), source=source))
    return found


def _from_sop(sop: Sop) -> tuple[list[HandoffTrigger], str, set[int]]:
    triggers, announcement, used = [], "", set[int]()
    for index, item in enumerate(sop.items):
        if item.kind is not ItemKind.HANDOFF:
            continue
        used.add(index)
        if item.quotes and not announcement:
            announcement = item.quotes[-1]
        if item.leads_in or (item.quotes and not item.conditions):
            continue
        about = "; ".join(condition.text for condition in item.conditions) or item.text
        source = sop_source(item.line_start, item.line_end)
        triggers.append(HandoffTrigger(text=item.text, phrases=phrases_of(about), source=source))
    return triggers, announcement, used


def situations(text: str) -> list[str]:
    """The situations a sentence on hand-offs names, without the words for passing on."""
    rest = _PASSING_ON.sub("", text, count=1)
    parts = [part.strip(" \"'“”") for part in _SPLIT.split(_TO_WHOM.sub("", rest)) if part]
    told = [f"the caller {part}" if _PREDICATE.match(part) else part for part in parts]
    return [part for part in told if _content(part)]


# An operator's way of saying that no one is to be called; the caller's own plea is still heard.
_NO_HANDOFF = frozenset(
    {"never", "no", "none", "na", "n a", "nothing", "nobody", "not needed", "not applicable", "nie"}
)


def phrases_of(text: str) -> tuple[str, ...]:
    """Phrases a caller's words are held against: content words of each situation, and their usual wordings."""
    if text.casefold().strip(" .!").replace("/", "") in _NO_HANDOFF:
        return ()
    found: dict[str, None] = {}
    for situation in situations(text):
        if _HUMAN_WISH.search(situation) or _OWN_LIMITS.search(situation):
            continue
        words = _content(situation)
        for word in words:
            found.update(dict.fromkeys(_SYNONYMS.get(word, ())))
        if not _VAGUE.issuperset(words) and not (len(words) == 1 and len(words[0]) < 4):
            found[" ".join(words[:5])] = None
    return tuple(found)[:MAX_PHRASES]


def _content(text: str) -> list[str]:
    words = (_POSSESSIVE.sub("", word) for word in _WORD.findall(text.lower()))
    return [word for word in words if word not in _STOP and len(word) > 1]


def unique(triggers: Sequence[HandoffTrigger]) -> list[str]:
    """Every phrase of every trigger, once."""
    return list(dict.fromkeys(phrase for trigger in triggers for phrase in trigger.phrases))
