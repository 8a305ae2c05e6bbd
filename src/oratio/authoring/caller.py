"""An SOP's words about a caller, turned into what that caller might say."""

# ruff: noqa: RUF001 - it reads the quotation and end marks of several languages

import re

from oratio.authoring.text import sentence

_PEOPLE = "user|customer|caller|client|guest|patient|member|visitor"
_PERSON = rf"(?:the |a |an |any |each |every )?(?:{_PEOPLE})s?"
_POSSESSIVE = re.compile(rf"\b{_PERSON}['’]s?(?!\w)|\btheir\b|\bhis\b|\byour\b", re.IGNORECASE)
_SUBJECT = re.compile(rf"\b(?:they|he|she|someone|somebody|{_PERSON})\s+(?P<verb>\w+)", re.IGNORECASE)
_REST = re.compile(
    rf"\b(?:them|themselves|him|(?:the|a|an|any|each|every) (?:{_PEOPLE})s?|(?:{_PEOPLE}))\b", re.IGNORECASE
)
_CONJOINED = re.compile(r"\b(?P<joint>or|and) (?P<verb>\w+s)(?= (?:a|an|the|to|about|with|for|my)\b)")
_VERBS = {"has": "have", "is": "am", "are": "am", "was": "was", "were": "was", "does": "do", "goes": "go"}


def _first_person(verb: str) -> str:
    lower = verb.lower()
    if lower in _VERBS:
        return _VERBS[lower]
    if lower.endswith(("ches", "shes", "sses", "xes", "zes")):
        return lower[:-2]
    if lower.endswith("ies") and len(lower) > 4:
        return lower[:-3] + "y"
    return lower[:-1] if lower.endswith("s") and not lower.endswith("ss") and len(lower) > 3 else lower


def as_said(clause: str) -> str:
    """`the customer is angry` as the customer would put it: `I am angry.`"""
    said = _POSSESSIVE.sub("my", clause.strip())
    said = _SUBJECT.sub(lambda match: f"I {_first_person(match['verb'])}", said)
    if said.startswith("I "):
        said = _CONJOINED.sub(lambda match: f"{match['joint']} {_first_person(match['verb'])}", said)
    return sentence(_REST.sub("me", said))
