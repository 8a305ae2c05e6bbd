"""Facts that were found so far in an SOP, and the search for the one a phrase speaks of."""

import re
from collections.abc import Iterable

from oratio.authoring.procedures.grammar import grammar_of
from oratio.authoring.procedures.layout.words import content, share
from oratio.authoring.text import identifier
from oratio.domain.procedures.facts import Choice, Fact, FactType, Validation

_SENSITIVE = re.compile(
    r"\b(?:password|pin|passwort|contraseña|mot de passe|iban|card number|kartennummer|cvv|cvc|ssn|social security)\b",
    re.IGNORECASE,
)


def type_of(label: str, tag: str) -> FactType:
    """Return the type that a noun phrase or question asks for."""
    return FactType(next((kind for kind, pattern in grammar_of(tag).type_patterns if pattern.search(label)), "text"))


class FactBook:
    """The facts of one flow in the order they were found."""

    def __init__(self) -> None:
        self._facts: dict[str, Fact] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._section_start = 0
        self.last: str | None = None  # asked last: what a pronoun means

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def all(self) -> tuple[Fact, ...]:
        """Return every fact."""
        return tuple(self._facts.values())

    def update(self, name: str, **changes: object) -> None:
        """Change fields of a fact."""
        self._facts[name] = self._facts[name].model_copy(update=changes)

    def forget_last(self) -> None:
        """Start a new stretch of text: pronouns no longer point back."""
        self.last = None
        self._section_start = len(self._facts)

    def is_recent(self, name: str) -> bool:
        """Return True if the fact was found in the present section."""
        return name in list(self._facts)[self._section_start :]

    def add(
        self,
        label: str,
        tag: str,
        lines: Iterable[int],
        *,
        words: str = "",
        named: str = "",
        asked: bool = True,
        **fields: object,
    ) -> str:
        """Add a fact or return the one that has this label already; its lines grow."""
        label = label.strip(" .,;:!?\"'“”„«»")
        spoken = content(words or label, tag) or content(label, tag) or (label.lower(),)
        name = next((known for known, own in self._words.items() if set(own) == set(spoken)), None)
        if name is None:
            bare = re.sub(rf"^{grammar_of(tag).articles}", "", (named or label) + " ", flags=re.IGNORECASE) or label
            name = self._unused(identifier(bare, fallback="fact", max_words=5).rstrip("_"))
            kind = fields.pop("type", None) or type_of(label, tag)
            fact = Fact(
                name=name, label=label, type=FactType(str(kind)), sensitive=_SENSITIVE.search(label) is not None
            )
            self._facts[name], self._words[name] = fact, spoken
        known = self._facts[name]
        given = {key: value for key, value in fields.items() if value and (key == "type" or not getattr(known, key))}
        if "type" in given and known.type is not FactType.TEXT:
            given.pop("type")
        self.update(name, lines=tuple(sorted({*known.lines, *lines})), **given)
        if asked:
            self.last = name
        return name

    def _unused(self, name: str) -> str:
        name = re.sub(r"^[^a-z]+", "", name) or "fact"
        candidate, number = name, 2
        while candidate in self._facts:
            candidate, number = f"{name}_{number}", number + 1
        return candidate

    def find(self, phrase: str, tag: str, kinds: Iterable[FactType] | None = None) -> str | None:
        """Return the fact a noun phrase speaks of: all its words are the fact's, or the other way about."""
        spoken = content(phrase, tag)
        if not spoken:
            return None
        wanted = None if kinds is None else set(kinds)
        best, found = 0.0, None
        for name, own in self._words.items():
            if wanted is not None and self._facts[name].type not in wanted:
                continue
            score = max(share(spoken, own) * 0.99, share(own, spoken)) if share(spoken, own) >= 0.5 else 0.0
            if score > 0.9 and score + share(spoken, own) >= best:
                best, found = score + share(spoken, own), name
        return found

    def words_of(self, name: str) -> tuple[str, ...]:
        """Return the content words of a fact."""
        return self._words[name]

    def latest(self, kinds: Iterable[FactType]) -> str | None:
        """Return the fact of these types that was found last."""
        wanted = set(kinds)
        return next((name for name in reversed(self._facts) if self._facts[name].type in wanted), None)

    def choice(self, name: str, label: str) -> str:
        """Return the value of a choice with that label, which is added where it is new."""
        fact = self._facts[name]
        label = label.strip(" .,;:!?\"'“”„«»()")
        value = identifier(label, fallback="other").rstrip("_") or "other"
        if all(choice.value != value for choice in fact.choices):
            self.update(name, type=FactType.CHOICE, choices=(*fact.choices, Choice(value=value, label=label)))
        return value

    def limit(self, name: str, **limits: object) -> None:
        """Add limits to a fact's validation."""
        known = self._facts[name].validation or Validation()
        self.update(name, validation=known.model_copy(update=limits))
