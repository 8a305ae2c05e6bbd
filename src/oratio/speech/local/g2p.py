"""English words to the phonemes of Kokoro: a lexicon, the endings of words, and letter by letter as a last resort.

The lexicon and the rules for endings are misaki's (Apache-2.0); none of espeak-ng or phonemizer is used.
"""

import re
from collections.abc import Mapping
from typing import Any

from oratio.speech.local.text_normalizer import spoken

type Entry = str | Mapping[str, Any]

_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*'?|[.,;:!?\u2014]")
_VOWELS = frozenset("AIOQWYaiu\u00e6\u0251\u0252\u0254\u0259\u025b\u025c\u026a\u028a\u028c\u1d7b")
_STRESS = "\u02c8\u02cc"
_TAP, _SCHWI = "\u027e", "\u1d7b"
_SPELLED = frozenset(("US", "IT", "ID", "AM", "PM", "UK", "EU", "TV", "PC", "OK", "AI", "CEO", "FAQ", "SOP", "API"))
_CONSONANTS = {
    "b": "b", "c": "k", "d": "d", "f": "f", "g": "\u0261", "h": "h", "j": "\u02a4", "k": "k", "l": "l", "m": "m",
    "n": "n", "p": "p", "q": "k", "r": "\u0279", "s": "s", "t": "t", "v": "v", "w": "w", "x": "ks", "y": "j", "z": "z",
}  # fmt: skip
_SHORT = {"a": "\u00e6", "e": "\u025b", "i": "\u026a", "o": "\u0251", "u": "\u028c", "y": "i"}
_GROUPS = {
    "tion": "\u0283\u0259n", "sion": "\u0292\u0259n", "igh": "I", "ch": "\u02a7", "sh": "\u0283", "th": "\u03b8",
    "ph": "f", "wh": "w", "ck": "k", "qu": "kw", "ng": "\u014b", "kn": "n", "wr": "\u0279", "ee": "i", "ea": "i",
    "oo": "u", "ou": "W", "ow": "O", "oi": "Y", "oy": "Y", "ai": "A", "ay": "A", "au": "\u0254", "aw": "\u0254",
    "er": "\u0259\u0279", "or": "\u0254\u0279", "ar": "\u0251\u0279", "ir": "\u025c\u0279", "ur": "\u025c\u0279",
}  # fmt: skip


class Pronunciation:
    """Callable: text to one string of phonemes.

    Args:
        gold, silver: Word to phonemes, or to phonemes by part of speech; gold is asked first.
    """

    def __init__(self, gold: Mapping[str, Entry], silver: Mapping[str, Entry]) -> None:
        self._gold = gold
        self._silver = silver

    def __call__(self, text: str) -> str:
        tokens = _TOKEN.findall(spoken(text).replace("-", " "))
        sounds: list[str] = []
        following = ""
        for token in reversed(tokens):
            if not token[0].isalpha():
                sounds.append(token)
                following = ""
                continue
            sound = self._weak(token, following) or self.word(token)
            sounds.append(f" {sound}")
            following = sound
        return "".join(reversed(sounds)).strip()

    def word(self, word: str) -> str:
        """One word."""
        word = word.strip("'") if word.endswith("'") else word
        if word.isupper() and len(word) > 1 and not self._is_said(word):
            return self._letters(word)
        if not re.search(r"[aeiouy]", word, re.IGNORECASE) and word not in self._gold:
            return self._letters(word)
        return self._known(word) or self._ending(word) or self._compound(word) or self._guess(word.lower())

    def _is_said(self, word: str) -> bool:
        """Whether capitals are said as a word, as in PIN, not letter by letter, as in APN."""
        return word not in _SPELLED and bool(re.search(r"[AEIOUY]", word)) and self._known(word) is not None

    def _known(self, word: str) -> str | None:
        for lexicon in (self._gold, self._silver):
            for form in dict.fromkeys((word, word.lower(), word.capitalize())):
                entry = lexicon.get(form)
                if isinstance(entry, str):
                    return entry
                if entry is not None and isinstance(entry.get("DEFAULT"), str):
                    return str(entry["DEFAULT"])
        return None

    def _weak(self, word: str, following: str) -> str | None:
        """The unstressed form of the little words, which depends on what follows."""
        vowel = bool(following) and following.lstrip(_STRESS)[:1] in _VOWELS
        match word.lower():
            case "the":
                return "\u00f0i" if vowel else "\u00f0\u0259"
            case "a" if word != "A" or following:
                return "\u0250"
            case "an":
                return "\u0250n"
            case "to":
                return "t\u028a" if vowel or not following else "t\u0259"
            case _:
                return None

    def _ending(self, word: str) -> str | None:
        lower = word.lower()
        for ending, join in (("'s", _plural), ("s", _plural), ("ed", _past), ("ing", _gerund)):
            if not lower.endswith(ending) or len(lower) < len(ending) + 2:
                continue
            stem = lower[: -len(ending)]
            if ending == "s" and stem.endswith(("s", "u", "i")):
                continue
            sound = next((known for form in _stems(stem, ending) if (known := self._known(form))), None)
            if sound is not None:
                return join(sound)
        if lower.endswith("ly") and (sound := self._known(lower[:-2])):
            return f"{sound}li"
        for prefix, said in (("un", "\u028cn"), ("re", "\u0279i"), ("non", "n\u0251n"), ("pre", "p\u0279i")):
            rest = lower.removeprefix(prefix)
            if rest != lower and len(rest) > 3 and (sound := self._known(rest) or self._ending(rest)):
                return said + sound
        return None

    def _compound(self, word: str) -> str | None:
        """Two known words in one: the longest first part of three letters or more."""
        lower = word.lower()
        for cut in range(len(lower) - 3, 2, -1):
            first, second = self._known(lower[:cut]), self._known(lower[cut:])
            if first and second:
                return first + second.replace(_STRESS[0], _STRESS[1])
        return None

    def _letters(self, word: str) -> str:
        names = [self._known(letter) or "" for letter in word.upper() if letter.isalpha()]
        return " ".join(names)

    def _guess(self, word: str) -> str:
        """Letters to sounds by rule; a word without a vowel is spelled."""
        if not re.search(r"[aeiouy]", word):
            return self._letters(word)
        body = word[:-1] if len(word) > 3 and word.endswith("e") and word[-2] not in "aeiou" else word
        sounds, at = "", 0
        while at < len(body):
            group = next((key for key in _GROUPS if body.startswith(key, at)), None)
            if group is not None:
                sounds += _GROUPS[group]
                at += len(group)
            else:
                letter = body[at]
                if at == 0 or letter != body[at - 1]:
                    sounds += (_SHORT if letter in "aeiou" or (letter == "y" and at) else _CONSONANTS).get(letter, "")
                at += 1
        first = next((index for index, sound in enumerate(sounds) if sound in _VOWELS), 0)
        return sounds[:first] + _STRESS[0] + sounds[first:]


def _stems(stem: str, ending: str) -> list[str]:
    """Spellings the word without its ending may have."""
    forms = [stem, f"{stem}e"]
    if ending == "s":
        forms = [stem, stem.removesuffix("e"), f"{stem[:-2]}y" if stem.endswith("ie") else stem]
    elif ending in ("ed", "ing"):
        forms += [stem[:-1]] if len(stem) > 2 and stem[-1] == stem[-2] else []
        forms += [f"{stem[:-1]}y"] if stem.endswith("i") else []
    return forms


def _plural(sound: str) -> str:
    if sound[-1] in "ptkf\u03b8":
        return f"{sound}s"
    return sound + (f"{_SCHWI}z" if sound[-1] in "sz\u0283\u0292\u02a7\u02a4" else "z")


def _past(sound: str) -> str:
    if sound[-1] in "pkf\u03b8\u0283s\u02a7":
        return f"{sound}t"
    if sound[-1] == "d":
        return f"{sound}{_SCHWI}d"
    if sound[-1] != "t":
        return f"{sound}d"
    tapped = len(sound) > 1 and sound[-2] in _VOWELS
    return f"{sound[:-1]}{_TAP}{_SCHWI}d" if tapped else f"{sound}{_SCHWI}d"


def _gerund(sound: str) -> str:
    tapped = len(sound) > 1 and sound[-1] == "t" and sound[-2] in _VOWELS
    return (f"{sound[:-1]}{_TAP}" if tapped else sound) + "\u026a\u014b"
