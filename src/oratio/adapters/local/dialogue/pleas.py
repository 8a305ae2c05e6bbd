"""Recognises a plea for a human in any usual wording, and tells it from talk about humans.

Patterns read text as `spoken` gives it: lower-case words, no punctuation, one space apart.
"""

import re

_ADJECTIVE = r"(?:real|actual|live|living|genuine|proper)"
_PERSON = (
    rf"(?:(?:{_ADJECTIVE} )?(?:human(?: being| agent| operator| representative)?s?|person|people|agents?"
    r"|representatives?"
    r"|reps?|operators?|supervisors?|managers?|advis[eo]rs?|colleagues?|specialists?|technicians?|employees?|boss"
    r"|consultants?|experts?|receptionist|man|woman|lady|guy))"
)
_SOMEONE = (
    rf"(?:(?:someone|somebody|anyone|anybody)(?: else| {_ADJECTIVE}| human| who \w+| (?:that )?i can \w+| in \w+"
    r"| from \w+)?)"
)
_DESK = (
    r"(?:staff(?: members?)?|(?:a )?(?:member of (?:the |your )?)?(?:staff|team)|team members?|customer (?:service"
    r"|support|care)"
    r"|tech(?:nical)? support|support(?: team| staff| desk)?|reception|front desk|call ?cent(?:er|re)|sales|help ?desk)"
)
_WHO = rf"(?:an? |the |your |some |another |any |one of (?:your|the) )?(?:\w+ )?(?:{_PERSON}|{_SOMEONE}|{_DESK})"
_ONE = rf"(?:an? |the |your |some |another |any )?(?:\w+ )?(?:{_PERSON}|{_SOMEONE})"
_END = (
    r"(?=$| (?:please|already|pls|fast|quickly|now|instead|right|immediately|asap|here|on|to|who|that|for|not|and"
    r"|or|rather|today|about|because|ok|at|with|am|as)\b)"
)
_CONTACT = r"(?:speak|talk|chat|converse|communicate|deal|get in touch|have a word)"
_PUT = r"(?:transfer|connect|put|pass|hand|switch|escalate|forward|redirect|patch|refer|send|get|bring|route)"
_PASSED = r"(?:transferred|connected|put|passed|handed|switched|escalated|forwarded|redirected|referred|routed)"
_THROUGH = r"(?: over| on| through| straight| directly| back)*"
_WANT = (
    r"(?:want|need|require|demand|prefer|request|would like|would prefer|would rather have|d like|id like|id prefer"
    r"|d prefer|insist on|asked for|am asking for)"
)

_PLEAS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^(?:i )?(?:need|want|get|gimme) {_ONE}{_END}",
        r"\b(?:isnt|is|are|arent) there (?:really )?(?:no|any)?(?:one|body)?(?: \w+)? ?(?:i can|to) (?:talk|speak"
        r"|chat)\b",
        rf"\b(?:pass|put|transfer|connect|switch|forward|hook)(?:ring|ting|ing)? (?:me|us)(?: up)?{_THROUGH} (?:to"
        rf"|with) {_WHO}\b{_END}",
        r"\b(?:done|fed up|finished|enough) (?:with|of|talking to) (?:this |the |you )?(?:stupid )?(?:bot|robot"
        r"|machine|chatbot|ai)\b",
        rf"\bis (?:an? |any |some )?(?:{_ADJECTIVE} )?(?:human(?: being)?|person|agent|operator|representative"
        r"|anyone|anybody|someone)"
        r"(?: \w+)? (?:available|around|there|free|reachable)\b",
        rf"\b{_WANT} (?:an? |some )?(?:human|live|real|personal) (?:assistance|help|support"
        r"|contact|agent)\b",
        rf"\b(?:let|have) {_ONE} (?:handle|take|deal with|look at|help)\b",
        rf"\b{_CONTACT}(?:ing)? (?:to|with) {_WHO}\b{_END}",
        rf"\b{_PUT} (?:me|us|this|the call|my call|my case)(?: \w+)?{_THROUGH} (?:to|onto|with) {_WHO}\b",
        rf"\b(?:get|have|put) {_ONE} on (?:the )?(?:phone|line|call)\b",
        rf"\b(?:help|assistance|answer|support|word) from {_ONE}{_END}",
        rf"\bin (?:touch|contact) with {_WHO}\b{_END}",
        r"\b(?:transfer|escalate) me\b|\b(?:redirect|forward|route|connect|put) me (?:over |through )?to (?:billing"
        r"|sales|support|claims|reception)\b",
        rf"\bbe {_PASSED}{_THROUGH} (?:to|with) {_WHO}\b",
        rf"\b(?:get|give|find|fetch|bring|assign|call) (?:me|us) {_ONE}\b{_END}",
        rf"^(?:please |just |ok )*get {_ONE}\b{_END}",
        rf"\b(?:i|we|id)(?: \w+)? {_WANT} {_ONE}{_END}",
        rf"\b(?:id|i d|i would|we would) (?:like|prefer|rather have) {_ONE}{_END}",
        r"\b(?:transfer|escalate|hand)(?:ring|ing)? (?:me|this|my (?:call|case|issue|problem))(?: over| up| now"
        r"| please)*$",
        r"\bput me through\b|\bhand me over\b|\bpass me (?:on|over)\b|\bescalate (?:this|my (?:case|issue|problem"
        r"|complaint))\b",
        rf"\b(?:can|could|may|might) (?:i|we) (?:please )?(?:have|get|reach|see) {_ONE}{_END}",
        rf"\b(?:is|are) (?:there )?(?:an? |any |some )?(?:\w+ )?(?:{_ADJECTIVE} (?:person|people|human|agent)s?"
        r"|humans?|anyone real|anybody real"
        rf"|human beings?|(?:someone|somebody|anyone|anybody|a person)(?: {_ADJECTIVE})?)\b.{{0,24}}\b(?:talk|speak"
        r"|chat)\b",
        rf"\b(?:is|are) there (?:an? |any )?(?:{_ADJECTIVE} (?:person|people|human|agent)s?|humans?"
        r"|human beings?)(?: (?:here|there|available|around))*$",
        rf"\b(?:have|let|make|ask) {_ONE} (?:to )?(?:call|phone|ring|contact) me\b",
        rf"\b{_ONE} (?:to |please |could |can |should )?(?:call|phone|ring|contact) me(?: back)?\b|\b(?:call|phone"
        r"|ring) me back\b",
        r"\b(?:dont|do not|not|no longer|rather not|sick of|tired of|hate|stop) (?:want |wanna |wish "
        r"|like )?(?:to )?(?:be )?"
        r"(?:talk|speak|chat|deal)(?:ing)? (?:to|with) (?:an? |this |the )?(?:\w+ )?(?:robot|bot|machine|computer"
        r"|ai|chatbot|recording|you)\b",
        rf"^(?:please |just |an? |ok |no |now |the )*(?:{_PERSON}|{_DESK}|someone else|somebody else)(?: (?:please"
        r"|now|help|instead))*$",
        rf"\b{_ADJECTIVE} (?:human|person|agent)(?: being)? (?:please|now)\b|\b(?:human|agent|representative"
        r"|operator|supervisor) (?:please|now)\b",
        rf"\b(?:reach|contact) (?:an? |the |your )?(?:{_ADJECTIVE} )?(?:human(?: being)?|person|agent"
        rf"|representative|operator|supervisor|someone (?:real|human))\b{_END}",
        r"^(?:i (?:want|need) )?human (?:agent|assistance|help|support|operator|representative)(?: (?:please|now"
        r"|instead))*$",
    )
)
_ABOUT_HUMANS = re.compile(
    r"^am i (?:talk|speak|chat)|^(?:so |and |but |well )*(?:when|why|how often|what happens|in which cases"
    r"|under what|who)\b.*\b(?:you"
    r"|agents?|we|they|be|is|are"
    r"|customers?|users?|callers?)\b.*\b(?:transferr?(?:ed|ing)?|escalated?|hand(?:ed)?|connected|speak|talk)"
    r"|^(?:what|how|which)\b(?!.*\b(?:can|do|could|would|may|must|should) (?:i|we) (?:talk|speak|chat|reach|contact"
    r"|get|connect))"
    r".*\b(?:agent|manager|representative|supervisor|operator|technician|staff|team|support|person|people)s?\b"
    r"|^(?:do|must|should|shall|will|would) i (?:need|have|be able)\b"
    r"|\b(?:can|should|may|must|does|do|will|did|has|could) (?:the|an?|my|our|your|another|other|this"
    r"|agents?) ?(?:\w+ )?"
    r"(?:agent|manager|person|supervisor|staff|technician|colleague|representative)s?\b(?!.*\b(?:call|phone|contact"
    r"|help|speak to|talk to) me\b)"
    r"|\b(?:talk|speak) (?:to|with) (?:my|his|her|their|our) (?!agent|rep)"
    r"|\b(?:i|we) (?:already |just |have )*(?:talked|spoke|spoken|chatted) (?:to|with)\b(?!.*\b(?:again|now)\b)"
    r"|\b(?:my|his|her|our|their) (?:\w+ )?(?:manager|boss|colleague|agent|doctor|staff|team|supervisor)\b(?! please)"
)
_REFUSED = re.compile(
    r"\b(?:dont|do not|no need to|not necessary to|without|instead of|rather than|before you"
    r"|not)\b[\w ]{0,24}\b(?:transferr?(?:ed|ing)?"
    r"|connect(?:ed|ing)?|hand(?:ed|ing)?|escalat\w+|talk(?:ing)? to|speak(?:ing)? (?:to|with)|human|agent|person)\b"
)
_BOT = re.compile(r"\b(?:robot|bot|machine|computer|ai|chatbot|recording|you)\b")


def spoken(text: str) -> str:
    """Lower-case words only, one space apart: the form the patterns are written in."""
    return " ".join(re.sub(r"[^a-z0-9 ]+", " ", re.sub(r"['\u2019]", "", text.lower())).split())


def asks_for_human(text: str) -> bool:
    """Whether the caller asks, in any usual wording, to be put through to a person."""
    return any(_pleads(spoken(part)) for part in re.split(r"[.!?;,\n]+|\bbut\b", text) if part.strip())


def _pleads(said: str) -> bool:
    if not any(pattern.search(said) for pattern in _PLEAS):
        return False
    refused = _REFUSED.search(said)
    if refused and not (_BOT.search(refused.group()) or _BOT.search(said[refused.end() :][:25])):
        return False
    return not _ABOUT_HUMANS.search(said)
