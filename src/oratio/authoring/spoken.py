"""What a caller in a rehearsal says, in the SOP's language where it is known here, else in English."""

# ruff: noqa: RUF001 - it reads the quotation marks of several languages

import re
from typing import NamedTuple

from oratio.authoring.caller import as_said
from oratio.authoring.lexicon import ACTION_VERBS
from oratio.authoring.text import one_line, plain, shorten
from oratio.domain.plan.agent_plan import PlanFact, PlanFactType, PlanStep

MAX_CHARS = 240


class Phrases(NamedTuple):
    """`{}` takes a topic."""

    help: str
    wish: str
    plea: str
    about: str
    question: str
    needs: str
    next: str
    no: str
    human: str


_PHRASES = {
    "en": Phrases(
        "I need help with {}.",
        "I would like to {}.",
        "I need your help.",
        "I have a question about {}.",
        "What do your documents say about {}?",
        "What do you need to know from me?",
        "What happens next?",
        "No, that is not the case.",
        "I would like to speak to a human, please.",
    ),
    "de": Phrases(
        "Ich brauche Hilfe: {}.",
        "Ich möchte: {}.",
        "Ich brauche Ihre Hilfe.",
        "Ich habe eine Frage: {}.",
        "Was steht in Ihren Unterlagen zu {}?",
        "Was müssen Sie von mir wissen?",
        "Wie geht es dann weiter?",
        "Nein, das ist nicht so.",
        "Ich möchte bitte mit einem Menschen sprechen.",
    ),
    "fr": Phrases(
        "J'ai besoin d'aide : {}.",
        "Je voudrais {}.",
        "J'ai besoin de votre aide.",
        "J'ai une question : {}.",
        "Que disent vos documents sur {} ?",
        "Que devez-vous savoir de moi ?",
        "Que se passe-t-il ensuite ?",
        "Non, ce n'est pas le cas.",
        "Je voudrais parler à un conseiller, s'il vous plaît.",
    ),
    "es": Phrases(
        "Necesito ayuda: {}.",
        "Quiero {}.",
        "Necesito su ayuda.",
        "Tengo una pregunta: {}.",
        "¿Qué dicen sus documentos sobre {}?",
        "¿Qué necesita saber de mí?",
        "¿Qué pasa después?",
        "No, no es así.",
        "Quiero hablar con una persona, por favor.",
    ),
}
_TELLING = frozenset(("inform", "tell", "notify", "remind", "explain", "advise", "greet", "thank", "transfer", "ask"))
_WISH_WORDS = "book buy cancel change exchange find get make modify order pay renew rent return upgrade"
_WISHES = frozenset(_WISH_WORDS.split())
_TOLD = re.compile(r"^(\w+) (?:the |a )?(?:user|customer|caller|client|guest)\b(?!['’])", re.IGNORECASE)
_NUMBERING = re.compile(r"^(?:(?:\d+|[a-z]|[ivx]+)[.)]|\d+(?:\.\d+)+\.?|step \d+:?|§ ?\d+)\s+", re.IGNORECASE)
_AUXILIARY = re.compile(r"\b(?:am|is|are|was|were|can|could|will|would|should|must|may|do|does|did)\b", re.IGNORECASE)
_PERFECT = re.compile(r"\b(?P<have>have|has)(?= (?:been|already|just|\w+ed|paid|lost|sent|made|gone|had)\b)")
_FIRST_PERSON = re.compile(r"^I (?P<verb>\w+)")
_WHEN = re.compile(r"\b(?:when(?:ever)?|if) (?P<clause>(?:the|a|an|any) (?:user|customer|caller|client|guest)\b[^.;]+)")
_ABOUT = re.compile(r"\b(?:about|on|regarding|for(?! .*\b(?:about|on|regarding)\b)) (?P<topic>[^.;:]+)", re.IGNORECASE)
_SAMPLES = {
    PlanFactType.DATE: "The third of March 2026.",
    PlanFactType.AMOUNT: "Two.",
    PlanFactType.EMAIL: "It is jo.miller@example.com.",
    PlanFactType.PHONE: "It is 555 010 0199.",
    PlanFactType.ORDER_NUMBER: "It is A12345.",
    PlanFactType.YES_NO: "Yes.",
}
_NAMED_SAMPLES = (
    (re.compile(r"name"), "Jo Miller."),
    (re.compile(r"address|street|city|where|place"), "12 Mill Lane, Leeds."),
    (re.compile(r"problem|issue|reason|fault|symptom|trouble|what"), "It stopped working yesterday."),
)


def phrases(language: str) -> Phrases:
    return _PHRASES.get(language.partition("-")[0].lower(), _PHRASES["en"])


def topic_of(heading: str, language: str) -> str:
    """The last of the headings as a caller would name it."""
    topic = _NUMBERING.sub("", plain(heading.rsplit(" > ", 1)[-1])).strip(" .:?!¿¡")
    if language != "en":
        return topic
    return " ".join(word if _is_name(word) else word.lower() for word in topic.split())


def _is_name(word: str) -> bool:
    """Whether a word keeps its capitals: an acronym, a number, a name with capitals inside."""
    return any(map(str.isdigit, word)) or any(map(str.isupper, word[1:]))


def opening(section: str, language: str) -> str:
    """How a caller who needs this section begins."""
    said, heading = phrases(language), plain(section.rsplit(" > ", 1)[-1])
    if heading.endswith("?"):
        return shorten(heading, MAX_CHARS)
    topic = topic_of(section, language)
    if not topic:
        return said.plea
    first, _, rest = topic.partition(" ")
    wished = language == "en" and rest and (first in ACTION_VERBS or first in _WISHES)
    return shorten((said.wish if wished else said.help).format(topic), MAX_CHARS)


def about_step(step: PlanStep, language: str) -> str:
    """What a caller says to come to a step once its section is opened."""
    said = phrases(language)
    if step.kind == "ask":
        return said.needs
    text = _TOLD.sub(r"\1 me", plain(step.text).rstrip("."))
    first, _, rest = text.partition(" ")
    asked = first.lower() in ACTION_VERBS and first.lower() not in _TELLING
    if language == "en" and step.kind == "action" and asked and rest and len(text) <= 100:
        return f"Could you {_lower_first(as_said(text).removesuffix('.'))}?"
    return said.next


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def denied(said: str, language: str) -> str:
    """The opposite of what a caller said of a condition: `A line is not suspended.`"""
    if language != "en":
        return phrases(language).no
    for pattern in (_AUXILIARY, _PERFECT):
        if pattern.search(said) and " not " not in said:
            return pattern.sub(lambda found: f"{found[0]} not", said, count=1)
    if (found := _FIRST_PERSON.match(said)) and " not " not in said:
        return f"I do not {said[found.start('verb') :]}"
    return phrases(language).no


def looking_up(when: str, language: str) -> str:
    """What a caller says in the situation for which the operator wants the documents consulted."""
    text = one_line(when)
    if language == "en":
        if found := _WHEN.search(text):
            return shorten(as_said(found["clause"]), MAX_CHARS)
        if found := _ABOUT.search(text):
            return shorten(f"I have a question about {_lower_first(as_said(found['topic']))}", MAX_CHARS)
    return shorten(phrases(language).about.format(text.rstrip(".")), MAX_CHARS)


def asking_about(topic: str, language: str) -> str:
    """A question about what a file is described or headed with."""
    text = one_line(plain(topic))
    if text.endswith("?"):
        return shorten(text, MAX_CHARS)
    text = text.rstrip(".:")
    first, _, _ = text.partition(" ")
    if language == "en" and text and not _is_name(first) and first != "I":
        text = _lower_first(text)
    return shorten(phrases(language).question.format(text), MAX_CHARS)


def sample_answer(fact: PlanFact) -> str:
    """What a caller answers when asked for a fact."""
    if fact.type in _SAMPLES:
        return _SAMPLES[fact.type]
    return next((said for pattern, said in _NAMED_SAMPLES if pattern.search(fact.name)), "The first one, please.")
