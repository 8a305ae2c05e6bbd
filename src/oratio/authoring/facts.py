"""The facts a sentence has the agent collect: name, type and the question as it is said aloud."""

# ruff: noqa: RUF001 - it reads the quotation and end marks of several languages

import re
from dataclasses import dataclass, replace

from oratio.authoring.text import identifier, sentence, shorten
from oratio.domain.plan.agent_plan import PlanFactType

_I = re.IGNORECASE
MAX_FACTS_A_SENTENCE = 6

_TYPES: tuple[tuple[PlanFactType, re.Pattern[str]], ...] = (
    (PlanFactType.EMAIL, re.compile(r"e-?mail|courriel|correo", _I)),
    (
        PlanFactType.PHONE,
        re.compile(r"(?:phone|mobile|cell|telephone|call-?back|contact) ?(?:number|no\b)?$|rufnummer|telefon|"
                   r"téléphone", _I),
    ),
    (
        PlanFactType.ORDER_NUMBER,
        re.compile(
            r"(?:order|booking|reservation|reference|ticket|case|claim|policy|customer|account|invoice|tracking|"
            r"contract|"
            r"serial|meter|member(?:ship)?|patient|user|card|bestell|kunden|auftrags|vertrags|rechnungs|zähler)\W?"
            r"(?:id|no\b|number|code|nummer|ref)",
            _I,
        ),
    ),
    (
        PlanFactType.DATE,
        re.compile(r"\bdate|birth|birthday|\bday\b|deadline|appointment|\bwhen\b|datum|geburts|termin|fecha", _I),
    ),
    (
        PlanFactType.AMOUNT,
        re.compile(r"amount|price|cost|\bsum\b|balance|budget|how (?:much|many)|quantity|number of|betrag|preis|"
                   r"menge|importe", _I),
    ),
)  # fmt: skip

_PERSON = (
    r"(?:the |each |every )?"
    r"(?:user|customer|caller|client|guest|patient|member|visitor|buyer|passenger|tenant|owner|contact)s?"
)
_ASK = re.compile(
    rf"(?:(?<!\w)ask(?:ing)?|(?:^|\bto |\bmust |\bshould |, )(?:request|prompt|invite))\s+(?:(?P<whom>them|him|her|"
    rf"{_PERSON})\s+)?(?P<what>.+)",
    _I,
)
_COLLECT = re.compile(
    r"(?<!\w)(?:collect|gather|obtain|capture|record|take(?: down)?|note(?: down)?|get|write down)\s+"
    rf"(?=(?:(?:down|the|an?|any)\s+)*(?:{_PERSON}['’]?s?['’]?\s|their\b|his\b|her\b|explicit|\w*\s?(?:name|number|"
    rf"address|e-?mail|date|details?)\b))(?P<what>.+)",
    _I,
)
_CONFIRM = re.compile(r"(?<!\w)(?:re-?)?confirm(?:ing)?\s+(?!that\b)(?P<what>.+)", _I)
_VERIFY = re.compile(
    rf"(?<!\w)(?:verify|authenticate|identify|validate)\s+(?P<what>(?:{_PERSON}['’]?s?['’]?|their)\s+.+|{_PERSON}\W*$)",
    _I,
)
_MUST_PROVIDE = re.compile(
    rf"(?<!\w){_PERSON}\s+(?:must|should|needs? to|has to|have to|is required to|are required to|will)\s+"
    r"(?:provide|confirm|give|supply|state|tell (?:you|us)|share)\s+(?P<what>.+)",
    _I,
)
_MAKE_SURE = re.compile(r"(?<!\w)(?:make sure|ensure)\s+(?:that\s+)?you (?:know|have)\s+(?P<what>.+)", _I)
_LOCATE = re.compile(
    r"(?<!\w)(?:locat|look|find|authenticat|verif|identif)\w*\s.{0,80}?(?<!\w)(?:via|using|by (?!\w+ing\b)|"
    r"with)\s+(?P<what>.+)",
    _I,
)
_GERMAN = re.compile(
    r"(?:fragen sie|frage|fragen|erfragen sie|bitten sie)\s+(?:(?:den kunden|die kundin|den anrufer|"
    r"ihn)\s+)?(?:nach|um)?\s*"
    r"(?:(?:dem|der|den|die|das|seiner|seine|seinem|ihrer)\s+)?(?P<what>.+)"
    r"|(?:notieren|erfassen|notiere|erfasse)\s+(?:sie\s+)?(?:(?:die|den|das)\s+)?(?P<noted>.+)",
    _I,
)
_ROMANCE = re.compile(
    r"(?:demandez|demander|solicite|pregunte|chiedere|chiedi|vraag)\s+(?:(?:au client|al cliente|de klant)\s+)?"
    r"(?:(?:le|la|les|son|sa|el|su|il|naar|het)\s+)?(?P<what>.+)",
    _I,
)
_WH = re.compile(r"(?:how|what|which|when|where|why|who|whose)\b", _I)
_WHETHER = re.compile(r"(?:whether|if)\s+(?P<what>.+)", _I)
_DETERMINER = re.compile(
    rf"(?:(?:an?|the|any|all|via|by|their|his|her|your|its|some|for|about|to|first|explicit|dem|den|der|die|das|"
    rf"eine?[nmr]?|seine?[nmr]?|ihre?[nmr]?)\s+|{_PERSON}['’]s?\s+)+",
    _I,
)
_TAIL = re.compile(
    r"\s*(?:\((?P<aside>[^()]*)\)|(?:,| so | in order | before | as this | because | when | if | unless | until | "
    r"to (?=\w+ (?:the|their|a|it)\b)"
    r"| for (?=cancel|verif|the)| and (?:be|then|ask|proceed)\b| via | with (?:the|them|him|her)\b| that "
    r"| first\b| again\b| to proceed\b| associated | from (?:the|them)\b| to (?:be|receive|pay)\b|[.:;?!]).*)$",
    _I,
)
_NEXT_ACT = re.compile(r"\s*(?:then\s+)?\w+\s+(?:up\s+)?(?:the|an?|them|it|their|him|her|whether|if)\b", _I)
_AND = re.compile(r",\s*(?:and|or|und|oder|et|y|e)\s+|,\s*|\s+(?:and|or|und|oder|et|plus)\s+|\s*\+\s*|\s*/\s*", _I)
_YES_NO_START = re.compile(
    r"(?:do|does|did|is|are|was|were|have|has|had|can|could|will|would|may|should|haben|sind|ist|war|können|"
    r"möchten|wurde)\b",
    _I,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fact to collect; `question` is a whole sentence in the caller's language."""

    name: str
    question: str
    type: PlanFactType


def facts_of(text: str, language: str = "en") -> tuple[Wanted, ...]:
    """The facts one sentence of an SOP has the agent collect; none when it collects nothing."""
    if question := _own_question(text):
        return (question,)
    if language == "de" and (match := _GERMAN.search(text)):
        return _nouns(match["what"] or match["noted"], "Bitte nennen Sie mir: {}.", keep=True)
    if language in ("fr", "es", "it", "nl") and (match := _ROMANCE.search(text)):
        return _nouns(match["what"], "{}?", keep=True)
    if match := _MUST_PROVIDE.search(text) or _MAKE_SURE.search(text):
        return _asked(match["what"])
    if match := _ASK.search(text):
        return _asked(match["what"], whom=match["whom"] is not None)
    if match := _CONFIRM.search(text):
        return _confirmed(match["what"])
    if match := _COLLECT.search(text):
        what = _clean(match["what"])
        return (
            _confirmed(what) if re.search(r"\b(?:confirmation|consent|permission|agreement)\b", what) else _nouns(what)
        )
    if match := _LOCATE.search(text):
        return _nouns(match["what"])
    if match := _VERIFY.search(text):
        what = _clean(match["what"])
        if re.fullmatch(_PERSON, what, _I):
            return (
                Wanted("customer_identity", "Could you tell me your name or your customer number?", PlanFactType.TEXT),
            )
        return _nouns(what)
    return ()


def noun_fact(text: str) -> Wanted | None:
    """The fact a bare list entry such as `Order number` names."""
    found = _nouns(text)
    if not found:
        return None
    head = re.split(r"\s(?:with|and|or|of)\s", text, maxsplit=1)[0]
    return replace(
        found[0], type=type_of(text) if type_of(head) is not PlanFactType.TEXT or head == text else PlanFactType.TEXT
    )


def type_of(phrase: str) -> PlanFactType:
    """The type a noun phrase or question asks for."""
    return next((kind for kind, pattern in _TYPES if pattern.search(phrase)), PlanFactType.TEXT)


def _own_question(text: str) -> Wanted | None:
    """The question a sentence is, or holds in quotation marks."""
    quoted = re.search(r"[\"“„«]([^\"“”„«»]{3,200}\?)\s?[\"”“»]|(?<!\w)'([^']{3,200}\?)'", text)
    question = (quoted[1] or quoted[2]) if quoted else text if text.endswith("?") else ""
    question = re.sub(r"^(?:ask|frage[n]?(?: sie)?|q)\s*[:.]\s*", "", question, flags=_I).strip()
    if len(question) < 4 or len(question) > 240:
        return None
    asks_yes_no = _YES_NO_START.match(question) and not re.search(
        r"\b(?:tell|give|provide|have|spell|repeat)\b.{0,15}\b(?:me|us|your)\b"
        r"|^(?:can|could) you confirm (?:the|your)\b",
        question,
        _I,
    )
    kind = PlanFactType.YES_NO if asks_yes_no else type_of(question)
    words = re.sub(_WH, "", question) if _WH.match(question) else question
    words = re.sub(
        r"\b(?:is|are|was|were|do|does|did|may|can|could|i|have|you|your|the|a|an|me|please|tell|give|us|to|of|"
        r"for|would|like)\b",
        " ",
        words,
        flags=_I,
    )
    return Wanted(identifier(words, fallback="answer", max_words=4), sentence(question), kind)


def _asked(what: str, *, whom: bool = False) -> tuple[Wanted, ...]:
    what = what.strip()
    what = re.sub(r"^(?:first|also|then|next|politely),?\s+", "", what, flags=_I)
    what = re.sub(r"^(?:for|about|to (?:provide|give|tell you|share|state|confirm|spell))\s+", "", what, flags=_I)
    if match := _WHETHER.match(what):
        clause = _to_second_person(_clause(match["what"]))
        name = identifier(_bare(clause), fallback="answer", max_words=4)
        return (Wanted(name, sentence(f"Could you tell me whether {clause}")[:-1] + "?", PlanFactType.YES_NO),)
    if _WH.match(what):
        clause = _to_second_person(re.split(r"[,;:]| so that | before ", _clean(what), maxsplit=1)[0])
        name = identifier(
            _bare(_WH.sub("", re.sub(r"^how (?:much|many|long|often)", "", clause, flags=_I))),
            fallback="answer",
            max_words=4,
        )
        return (Wanted(name, f"Could you tell me {clause}?", type_of(clause)),)
    if match := re.match(r"to\s+(?P<what>.+)", what, _I):
        clause = _to_second_person(_clause(match["what"]))
        return (
            Wanted(
                identifier(clause, fallback="answer", max_words=4), f"Could you please {clause}?", PlanFactType.TEXT
            ),
        )
    return _nouns(what)


def _confirmed(what: str) -> tuple[Wanted, ...]:
    phrase = _to_second_person(_clause(what))
    if not phrase or re.match(r"(?:if|whether)\b", phrase, _I):
        phrase = re.sub(r"^(?:if|whether)\s+", "", phrase, flags=_I) or "this"
    name = identifier(_bare(phrase), fallback="this", max_words=3)
    question = "Is that right, and shall I go ahead?" if "confirmation" in phrase else f"Can you confirm {phrase}?"
    return (Wanted(f"{name}_confirmed" if "confirm" not in name else name, question, PlanFactType.YES_NO),)


def _nouns(what: str, form: str = "Could you tell me your {}?", *, keep: bool = False) -> tuple[Wanted, ...]:
    """A fact for each noun phrase of a list such as `their name, date of birth and order number`."""
    found: dict[str, Wanted] = {}
    aside_free = re.sub(r"\([^()]*\)", "", what)
    head = re.split(
        r"\bto (?:be|receive|pay)\b|\bfor (?:cancel|verif)\w*|[.:;?!](?:\s|$)|\bso that\b|\bbefore\b|\bbecause\b|"
        r"\bwhen\b|\bif\b",
        aside_free,
        maxsplit=1,
    )[0]
    for part in _AND.split(head):
        own = not re.match(r"\s*the\s", part, _I)
        noun = _undetermined((_clause(part) if not keep else part).strip()).strip(" .,;:!?\"'")
        words = noun.split()
        if found and _NEXT_ACT.match(part):
            break
        if not words or len(words) > 7 or not noun[0].isalnum():
            continue
        kind = type_of(noun)
        name = identifier(noun, fallback="answer", max_words=4)
        said = noun if keep or noun[:2].isupper() else noun[0].lower() + noun[1:]
        shown = form if own or kind is not PlanFactType.TEXT else form.replace("your ", "the ")
        found.setdefault(name, Wanted(name, shown.format(shorten(said, 120)), kind))
        if len(found) == MAX_FACTS_A_SENTENCE:
            break
    return tuple(found.values())


def _undetermined(phrase: str) -> str:
    match = _DETERMINER.match(phrase + " ")
    return phrase[match.end() :] if match else phrase


def _clean(what: str) -> str:
    return what.strip().rstrip(".!?:;")


def _clause(what: str) -> str:
    """Up to the end of the clause, without asides."""
    return _TAIL.sub("", _clean(re.sub(r"\([^()]*\)", "", what))).strip(" ,")


def _bare(clause: str) -> str:
    return re.sub(
        r"\b(?:you|your|are|is|the|a|an|to|do|want|have|has|would|like|of|for|that|would)\b", " ", clause, flags=_I
    )


_VERBS = {"has": "have", "is": "are", "was": "were", "does": "do", "wants": "want", "needs": "need", "wishes": "wish"}


def _to_second_person(clause: str) -> str:
    """`how much data they want` said to the caller: `how much data you want`."""
    clause = re.sub(rf"\b{_PERSON}['’]s?(?!\w)|\b(?:their|his)\b", "your", clause, flags=_I)

    def subject(match: re.Match[str]) -> str:
        verb = match["verb"]
        lower = verb.lower()
        plural = _VERBS.get(lower) or (
            lower[:-1] if lower.endswith("s") and not lower.endswith("ss") and len(lower) > 3 else lower
        )
        return f"you {plural}"

    clause = re.sub(
        rf"(?<!many )(?<!which )(?<!what )(?<!other )\b(?:they|he|she|{_PERSON})\s+(?P<verb>\w+)",
        subject,
        clause,
        flags=_I,
    )
    return re.sub(r"\b(?:them|themselves)\b", "you", clause, flags=_I)
