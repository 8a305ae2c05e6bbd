"""What a message is, apart from its subject: a greeting, thanks, yes or no, a plea for a human, noise."""

import re
from enum import StrEnum

from oratio.adapters.local.dialogue.text import content_stems, words


class Intent(StrEnum):
    EMPTY = "empty"
    NOISE = "noise"
    GREETING = "greeting"
    HOW_ARE_YOU = "how_are_you"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    YES = "yes"
    NO = "no"
    IDENTITY = "identity"
    ABILITIES = "abilities"
    REPEAT = "repeat"
    MORE = "more"
    HUMAN = "human"
    OTHER = "other"


_PLEASANTRY = r"(?:\s+(?:there|everyone|team|again|all|so much|very much|a lot|a million|for (?:your|the|all(?: the| your)?) help|for that|please|then|now|so|sir|madam|mate|today))*"
_WHOLE: tuple[tuple[Intent, str], ...] = (
    (Intent.GREETING, r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|yo|hallo)"),
    (Intent.HOW_ARE_YOU, r"(?:(?:hi|hello|hey) )?(?:how are you(?: doing)?|how(?:s| is) it going|whats up|you ok)"),
    (
        Intent.THANKS,
        r"(?:(?:ok|okay|great|perfect|cool|awesome|super|good|nice|wonderful|excellent) )*(?:thanks|thank you|thx|ty|cheers|much appreciated|appreciate it|great|perfect|cool|awesome|got it|that(?:s| is) (?:all )?(?:great|helpful|perfect|clear)|that (?:helps|helped|worked|works))(?: (?:thanks|thank you))?",
    ),
    (
        Intent.GOODBYE,
        r"(?:(?:ok|okay|thanks|thank you|no|great|well) )*(?:bye|goodbye|bye bye|see you|see ya|good night|have a (?:nice|good|great) (?:day|one|evening|weekend)|that(?:s| is| will be|ll be) (?:all|it|everything)|nothing else|talk to you later)(?: (?:thanks|thank you|bye|goodbye))?",
    ),
    (
        Intent.YES,
        r"(?:yes|yeah|yep|yup|sure|ok|okay|of course|please do|go ahead|correct|right|that(?:s| is) (?:right|correct)|absolutely|definitely|certainly|i do|sounds good|do it|why not|yes (?:it is|i do|i am|i have|please do|go ahead|that(?:s| is) (?:right|correct)|sure|i would(?: like that)?)|i confirm|confirmed|fine|thats fine|affirmative|please)",
    ),
    (
        Intent.NO,
        r"(?:no|nope|nah|not (?:now|really|yet|today)|no i (?:do not|dont|am not|havent|did not|didnt)|no thanks|no thank you|never mind|nevermind|dont|do not|negative|no need|forget it|its ok|its fine|no its (?:ok|fine)|im (?:good|fine)|no im (?:good|fine))",
    ),
    (
        Intent.IDENTITY,
        r"(?:so |and |but )?(?:who are you|what are you|what(?:s| is) your name|are you (?:a |an )?(?:robot|bot|ai|human|real|machine|computer|real person|person|chatbot|assistant|actual person|artificial intelligence)(?: or (?:a |an )?(?:robot|bot|ai|human|person|machine|real person))?|am i (?:talking|speaking|chatting) (?:to|with) (?:a |an )?(?:robot|bot|ai|human|real person|person|machine|computer)(?: or (?:a |an )?(?:robot|bot|ai|human|person|machine|real person))?|is this (?:a |an )?(?:robot|bot|ai|machine|recording|real person)|introduce yourself)",
    ),
    (
        Intent.ABILITIES,
        r"(?:so |and |ok )?(?:what (?:can|do) you do(?: for me)?|what can you help(?: me)? with|how can you help(?: me)?|what (?:can|should|may) i ask(?: you)?|help|help me|can you help(?: me)?|i need help|i need some help|could you help(?: me)?|i have a question|i have a problem|can i ask (?:you )?(?:something|a question)|what do you know|what are you able to do|what topics do you know)",
    ),
    (
        Intent.REPEAT,
        r"(?:(?:sorry|pardon|what|excuse me) )*(?:(?:can|could|would) you (?:please )?(?:repeat|say) (?:that|it)(?: again)?|repeat(?: that| it)?|say (?:that|it) again|pardon|pardon me|come again|what did you say|i did(?: not|nt) (?:hear|catch|get) (?:that|you)|once more|again|what|sorry|huh)",
    ),
    (
        Intent.MORE,
        r"(?:(?:ok|okay|and) )?(?:(?:can|could|would) you )?(?:tell me more|(?:explain|elaborate)(?: (?:that|it|more|further|in more detail|on that))*|more details?|more info(?:rmation)?|go on|continue|what else|anything else|and then|what(?:s| is) next|next|next step|what now|then what)",
    ),
)
_SHAPES = tuple((intent, re.compile(f"^{pattern}{_PLEASANTRY}$")) for intent, pattern in _WHOLE)

_ONE = r"(?:an? |the |your |some |another |any )?(?:\w+ ){0,2}?"
_HUMAN = (
    r"(?:human(?: being)?s?|(?:real|actual|live|living) (?:person|people|agent|human|someone|operator|representative)|persons?|people|agents?|representatives?|reps?"
    r"|operators?|supervisors?|managers?|advis[eo]rs?|colleagues?|specialists?|technicians?|staff(?: members?)?|team members?|team"
    r"|employees?|someone(?: else| real| human| who \w+)?|somebody(?: else| real| human)?|anyone|reception(?:ist)?|front desk|customer (?:service|support|care)"
    r"|technical support|tech support|support(?: team| staff| agent)?|boss|consultant|expert|a man|a woman|lady|guy|call ?cent(?:er|re)|doctor|nurse|sales)"
)
_CONTACT = r"(?:speak|talk|chat|converse|connect|communicate)"
_PASS = (
    r"(?:transfer|connect|put|pass|hand|switch|escalate|forward|redirect|patch|refer|send|get|give|let|bring|find|call)"
)
_PLEAS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_CONTACT}(?:ing)? (?:to|with) {_ONE}{_HUMAN}\b",
        rf"\b{_PASS} (?:me|us|this|the call|my call|it)(?: \w+)? ?(?:to|over to|on to|onto|through to|with|on with|through with) {_ONE}{_HUMAN}\b",
        rf"\b(?:get|give|find|fetch|bring|let|call|send|assign) (?:me|us) (?!(?:the|an?|your) (?:list|name|number|time|date|price)){_ONE}{_HUMAN}\b",
        rf"\b(?:i|we)(?: \w+)? (?:want|need|require|demand|prefer|would (?:like|prefer|rather have)|d like|d prefer|insist on|wish for|am asking for|asked for) {_ONE}(?:human(?: being)?|(?:real|actual|live) (?:person|agent|human|someone)|person|agent|representative|rep|operator|supervisor|manager|someone (?:real|human|else)|somebody (?:real|human|else))\b(?! (?:for|to be|on) (?:my|the) (?:account|file|contract))",
        r"\b(?:transfer|escalate|hand)(?:ring|ing)? (?:me|this|my (?:call|case|issue|problem))(?: over| up| now| please| immediately)*$",
        r"\bput me through\b|\bhand me over\b|\bpass me (?:on|over)\b|\bescalate (?:this|my (?:case|issue|problem|complaint))\b",
        rf"\b(?:is there|are there|do you have|can i (?:have|get|reach|see)|could i (?:have|get|reach|see)|may i have|can i please (?:have|get)) {_ONE}(?:human|real person|live (?:person|agent)|representative|operator|supervisor|actual person|(?:person|agent|someone|somebody|anyone|human being)(?: \w+)?)(?: \w+)? (?:i can|to) (?:talk|speak|chat)\b",
        rf"\b(?:can|could|may) i (?:please )?(?:have|get|reach|see) {_ONE}(?:human(?: being)?|real person|live (?:person|agent)|representative|operator|supervisor|manager|actual person)\b",
        rf"\b(?:is|are) there {_ONE}(?:human|real person|live (?:person|agent)|actual person|anyone real|human being)s?(?: (?:here|there|available|around|i can \w+ (?:to|with)))*$",
        r"\b(?:human|person|agent|representative|operator|supervisor|manager|someone|somebody)(?: \w+)? (?:call|phone|ring|contact) me(?: back)?\b|\b(?:call|phone|ring) me back\b",
        r"\b(?:do not|dont|not|no longer|rather not|sick of|tired of|hate|stop) (?:want |wanna |wish |like )?(?:to )?(?:be )?(?:talk|speak|chat|deal|talking|speaking|chatting|dealing)(?:ing)? (?:to|with) (?:an? |this |the |you )?(?:\w+ )?(?:robot|bot|machine|computer|ai|chatbot|recording|you)\b",
        rf"^(?:please |just |a |an |ok |no )*(?:{_HUMAN})(?: (?:please|now|help))*$",
        r"\b(?:real|actual|live) (?:human|person|agent)(?: being)? (?:please|now)\b|\b(?:human|agent|representative|operator|supervisor) (?:please|now)\b",
        rf"\b(?:reach|contact) {_ONE}(?:human(?: being)?|real person|live (?:person|agent)|(?:human|live|support|service) (?:agent|representative)|representative|operator|supervisor|someone (?:real|human))\b",
        r"\bhuman (?:agent|assistance|help|support|operator|representative|being)(?: (?:please|now|instead))*$",
    )
)
_ABOUT_HUMANS = re.compile(
    r"^(?:so |and |but |well )*(?:when|why|how often|what happens|in which cases|under what|who) .*\b(?:you|agents?|we|they|be|get|is|are|customers?|users?|callers?)\b.*\b(?:transferr?(?:ed|ing)?|escalated?|hand(?:ed)?|connected|speak|talk)"
    r"|^(?:what|how|which)\b(?!.*\b(?:can|do|could|would|may|must|should) (?:i|we)\b).*\b(?:agent|manager|representative|supervisor|operator|technician|staff|team|support|person|people)s?\b"
    r"|\b(?:can|should|may|must|does|do|will|did|has|could) (?:the|an?|my|our|your|another|other|this|agents?) ?(?:\w+ )?(?:agent|manager|person|supervisor|staff|technician|colleague|representative)s?\b(?!.*\b(?:call|phone|contact|help|speak to|talk to) me\b)"
    r"|\b(?:talk|speak) (?:to|with) (?:my|his|her|their|our) (?!agent|rep)"
    r"|\b(?:i|we) (?:already |just |have )*(?:talked|spoke|spoken|chatted) (?:to|with)\b(?!.*\b(?:again|now)\b)"
    r"|\b(?:my|his|her|our|their) (?:\w+ )?(?:manager|boss|colleague|agent|doctor|staff|team|supervisor)\b(?! please)"
)
_REFUSED = re.compile(
    r"\b(?:dont|do not|no need to|not necessary to|without|instead of|rather than|before you|not)\b[\w ]{0,24}\b(?:transfer(?:ring)?|connect(?:ing)?|hand(?:ing)?|escalat\w+|talk(?:ing)? to|speak(?:ing)? (?:to|with)|human|agent|person)\b"
)
_BOT = re.compile(r"\b(?:robot|bot|machine|computer|ai|chatbot|recording|you)\b")


def spoken(text: str) -> str:
    """Lower-case words only, one space apart: the form the patterns are written in."""
    return " ".join(re.sub(r"[^a-z0-9 ]+", " ", re.sub(r"['\u2019]", "", text.lower())).split())


def asks_for_human(text: str) -> bool:
    """Whether the caller asks, in any usual wording, to be put through to a person."""
    return any(_pleads(spoken(part)) for part in re.split(r"[.!?;\n]+|,? but ", text) if part.strip())


def _pleads(said: str) -> bool:
    if not any(pattern.search(said) for pattern in _PLEAS):
        return False
    refused = _REFUSED.search(said)
    if refused and not (_BOT.search(refused.group()) or _BOT.search(said[refused.end() :][:25])):
        return False
    return not _ABOUT_HUMANS.search(said)


def classify(text: str) -> Intent:
    """The intent of a whole message; `OTHER` when it has a subject of its own."""
    if not text.strip():
        return Intent.EMPTY
    if asks_for_human(text):
        return Intent.HUMAN
    said = spoken(text)
    if not said:
        return Intent.REPEAT if set(text.strip()) == {"?"} else Intent.NOISE
    for intent, shape in _SHAPES:
        if shape.match(said):
            return intent
    return Intent.NOISE if _is_noise(text) else Intent.OTHER


def _is_noise(text: str) -> bool:
    """Keyboard noise: no word with a vowel, one letter over and over, or a long run without structure."""
    found = words(text)
    if not found:
        return not any(char.isalpha() for char in text)
    if any(any(char.isdigit() for char in word) for word in found):
        return False
    if all(len(set(word)) <= 2 and len(word) > 3 for word in found):
        return True
    return len(found) <= 2 and not content_stems_known(found)


def content_stems_known(found: list[str]) -> bool:
    """Whether any word could be pronounced: a vowel in it and no run of five consonants."""
    return any(
        len(word) <= 4 or (re.search(r"[aeiouy]", word) and not re.search(r"[bcdfghjklmnpqrstvwxz]{5}", word))
        for word in found
    )


def strip_pleasantries(text: str) -> str:
    """A message without the greeting and the courtesies around its subject."""
    stripped = re.sub(
        r"^\s*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you|ok|okay|great|sorry|excuse me|well|so|yes|no)\b[\s,.!-]*(?:there\b[\s,.!-]*)?)+(?=\w)",
        "",
        text,
        flags=re.IGNORECASE,
    )
    stripped = re.sub(r"[\s,.!]*\b(?:please|thanks|thank you|thx|cheers)[\s.!]*$", "", stripped, flags=re.IGNORECASE)
    return stripped.strip() if content_stems(stripped) else text.strip()
