"""What a message is, apart from its subject: a greeting, thanks, yes or no, a plea for a human, noise."""

import re
from collections.abc import Sequence
from enum import StrEnum

from oratio.adapters.local.dialogue.pleas import asks_for_human, spoken
from oratio.adapters.local.dialogue.text import content_stems, words
from oratio.adapters.local.dialogue.units import addresses_the_assistant


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
    ATTACK = "attack"
    OTHER = "other"


_PLEASANTRY = (
    r"(?:\s+(?:there|everyone|team|again|all|so much|very much|a lot|a million|for (?:your|the|all(?: the"
    r"| your)?) help|for that|please|then|now|so|sir|madam|mate|today))*"
)
_WHOLE: tuple[tuple[Intent, str], ...] = (
    (Intent.GREETING, r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|yo|hallo)"),
    (Intent.HOW_ARE_YOU, r"(?:(?:hi|hello|hey) )?(?:how are you(?: doing)?|how(?:s| is) it going|whats up|you ok)"),
    (
        Intent.THANKS,
        r"(?:(?:ok|okay|great|perfect|cool|awesome|super|good|nice|wonderful|excellent) )*(?:thanks|thank you|thx"
        r"|ty|cheers|much appreciated|appreciate it|great|perfect|cool|awesome|got it|that(?:s"
        r"| is) (?:all )?(?:great|helpful|perfect|clear)|that (?:helps|helped|worked|works))(?: (?:thanks"
        r"|thank you))?",
    ),
    (
        Intent.GOODBYE,
        r"(?:(?:ok|okay|thanks|thank you|no|great|well) )*(?:bye|goodbye|bye bye|see you|see ya|good night"
        r"|have a (?:nice|good|great) (?:day|one|evening|weekend)|that(?:s| is| will be|ll be) (?:all|it"
        r"|everything)|nothing else|talk to you later)(?: (?:thanks|thank you|bye|goodbye))?",
    ),
    (
        Intent.YES,
        r"(?:yes|yeah|yep|yup|sure|ok|okay|of course|please do|go ahead|correct|right|that(?:s| is) (?:right"
        r"|correct)|absolutely|definitely|certainly|i do|sounds good|do it|why not|yes (?:it is|i do|i am|i have"
        r"|please do|go ahead|that(?:s| is) (?:right|correct)|sure|i would(?: like that)?)|i confirm|confirmed|fine"
        r"|thats fine|affirmative|please)",
    ),
    (
        Intent.NO,
        r"(?:no|nope|nah|not (?:now|really|yet|today)|no i (?:do not|dont|am not|havent|did not|didnt)|no thanks"
        r"|no thank you|never mind|nevermind|dont|do not|negative|no need|forget it|its ok|its fine|no its (?:ok"
        r"|fine)|im (?:good|fine)|no im (?:good|fine))",
    ),
    (
        Intent.IDENTITY,
        r"(?:so |and |but )?(?:who are you|what are you|what(?:s| is) your name|are you (?:a |an )?(?:robot|bot|ai"
        r"|human|real|machine|computer|real person|person|chatbot|assistant|actual person"
        r"|artificial intelligence)(?: or (?:a |an )?(?:robot|bot|ai|human|person|machine|real person))?"
        r"|am i (?:talking|speaking|chatting) (?:to|with) (?:a |an )?(?:robot|bot|ai|human|real person|person"
        r"|machine|computer)(?: or (?:a |an )?(?:robot|bot|ai|human|person|machine|real person))?|is this (?:a "
        r"|an )?(?:robot|bot|ai|machine|recording|real person)|introduce yourself)",
    ),
    (
        Intent.ABILITIES,
        r"(?:so |and |ok )?(?:what (?:can|do) you do(?: for me)?|what can you help(?: me)? with"
        r"|how can you help(?: me)?|what (?:can|should|may) i ask(?: you)?|help|help me|can you help(?: me)?"
        r"|i need help|i need some help|could you help(?: me)?|i have a question|i have a problem"
        r"|can i ask (?:you )?(?:something|a question)|what do you know|what are you able to do"
        r"|what topics do you know)",
    ),
    (
        Intent.REPEAT,
        r"(?:(?:sorry|pardon|what|excuse me) )*(?:(?:can|could|would) you (?:please )?(?:repeat|say) (?:that"
        r"|it)(?: again)?|repeat(?: that| it)?|say (?:that|it) again|pardon|pardon me|come again|what did you say"
        r"|i did(?: not|nt) (?:hear|catch|get) (?:that|you)|once more|again|what|sorry|huh)",
    ),
    (
        Intent.MORE,
        r"(?:(?:ok|okay|and) )?(?:(?:can|could|would) you )?(?:tell me more|(?:explain|elaborate)(?: (?:that|it"
        r"|more|further|in more detail|on that))*|more details?|more info(?:rmation)?|go on|continue|what else"
        r"|anything else|and then|what(?:s| is) next|next|next step|what now|then what)",
    ),
)
_SHAPES = tuple((intent, re.compile(f"^{pattern}{_PLEASANTRY}$")) for intent, pattern in _WHOLE)


def classify(text: str) -> Intent:
    """The intent of a whole message; `OTHER` when it has a subject of its own."""
    if not text.strip():
        return Intent.EMPTY
    if asks_for_human(text):
        return Intent.HUMAN
    if addresses_the_assistant(text):
        return Intent.ATTACK
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
    return len(found) <= 2 and not _pronounceable(found)


def _pronounceable(found: Sequence[str]) -> bool:
    """Whether any word could be pronounced: a vowel in it and no run of five consonants."""
    return any(
        len(word) <= 3 or (re.search(r"[aeiouy]", word) and not re.search(r"[bcdfghjklmnpqrstvwxz]{5}", word))
        for word in found
    )


def strip_pleasantries(text: str) -> str:
    """A message without the greeting and the courtesies around its subject."""
    stripped = re.sub(
        r"^\s*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you|ok|okay|great|sorry|excuse me"
        r"|well|so|yes|no)\b[\s,.!-]*(?:there\b[\s,.!-]*)?)+(?=\w)",
        "",
        text,
        flags=re.IGNORECASE,
    )
    stripped = re.sub(r"[\s,.!]*\b(?:please|thanks|thank you|thx|cheers)[\s.!]*$", "", stripped, flags=re.IGNORECASE)
    return stripped.strip() if content_stems(stripped) else text.strip()
