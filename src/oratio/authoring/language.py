"""A guess of a text's language from its most common words."""

import re

_COMMON_WORDS = {
    "en": "the and to of is you for with that not if are this your be must when ask customer",
    "de": "der die das und ist nicht sie mit den ein eine zu wenn kunde kunden auf für im dem bitte",
    "fr": "le la les et est vous des un une pour que dans pas si du au client avec sur ne",
    "es": "el la los las y es que de en un una para con por si no del al cliente usted se",
    "it": "il la gli e è che di un una per con non se del al cliente i le sono si",
    "pt": "o a os as e é que de um uma para com não se do da ao cliente em você",
    "nl": "de het een en is van niet dat met voor als je u op aan te klant zijn bij naar",
    "pl": "i w na z nie się jest do to że jeśli klient o dla od po jak lub oraz klienta",
}
_PROFILES = {tag: frozenset(words.split()) for tag, words in _COMMON_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE_CHARS = 20_000
_LEAST_WORDS = 6


def guess_language(text: str) -> str:
    """BCP 47 tag of the language the text seems to be in; `en` when undecided."""
    words = _WORD.findall(text[:_SAMPLE_CHARS].lower())
    scores = {tag: sum(word in common for word in words) for tag, common in _PROFILES.items()}
    best = max(scores, key=lambda tag: (scores[tag], tag == "en"))
    enough = scores[best] >= _LEAST_WORDS or (scores[best] > 2 and scores[best] * 5 >= len(words))
    return best if enough else "en"
