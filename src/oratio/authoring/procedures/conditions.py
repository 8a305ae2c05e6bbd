"""Condition reader: a clause after `if`, `unless` or `only if` as a typed expression."""

# ruff: noqa: E501, RUF001, SIM905 - a pattern or word list is one line, with the marks that people use

import re
from dataclasses import dataclass

from oratio.authoring.procedures.factbook import FactBook, type_of
from oratio.authoring.procedures.grammar import grammar_of
from oratio.authoring.procedures.layout.numbers import Quantity, clocks, quantities
from oratio.authoring.procedures.layout.words import content, opposite, share, tokens
from oratio.domain.procedures.conditions import (
    AllOf,
    Among,
    AnyOf,
    Compare,
    Condition,
    Count,
    Elapsed,
    Exists,
    Judgement,
    Not,
    TimeOfDay,
)
from oratio.domain.procedures.facts import Fact, FactType

_NUMERIC = (FactType.INTEGER, FactType.DECIMAL, FactType.AMOUNT, FactType.DURATION, FactType.TEXT)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5,
             "ersten": 1, "zweiten": 2, "dritten": 3, "vierten": 4, "fünften": 5, "zweite": 2, "dritte": 3, "vierte": 4,
             "primera": 1, "segunda": 2, "segundo": 2, "tercera": 3, "tercer": 3, "tercero": 3, "cuarta": 4, "cuarto": 4,
             "première": 1, "deuxième": 2, "seconde": 2, "troisième": 3, "quatrième": 4, "cinquième": 5}  # fmt: skip
_QUOTED = re.compile(r"(?<!\w)[\"'“„«‘]([^\"'”“»’]{1,60})[\"'”“»’](?!\w)")


def ordinal(word: str) -> int | None:
    """Return the number of an ordinal word."""
    return _ORDINALS.get(word.lower())


@dataclass(slots=True)
class ConditionScope:
    """What a clause may point back to.

    Attributes:
        loop: Id of the step that a counted loop repeats: `after two tries`.
        here: Id of the step the text is in: `the second time in step 2`.
    """

    loop: str | None = None
    here: str | None = None


class ConditionReader:
    """Reads the conditions of one SOP; facts that conditions need are added to the book."""

    def __init__(self, book: FactBook) -> None:
        self._book = book
        self.scope = ConditionScope()
        self._lines: tuple[int, ...] = ()
        self._tag = "en"
        self._compared_before: dict[tuple[str, ...], str] = {}

    def read(self, clause: str, tag: str, lines: tuple[int, ...]) -> Condition:
        """Read a clause without its conjunction; what no data decides is a judgement."""
        self._tag, self._lines = tag, lines
        clause = re.sub(r"\s+", " ", clause).strip(" .,;:!→-")
        return self._read(clause) or Judgement(text=clause)

    def typed(self, clause: str, tag: str, lines: tuple[int, ...]) -> Condition | None:
        """Read a clause; None if it is a judgement."""
        condition = self.read(clause, tag, lines)
        return None if isinstance(condition, Judgement) else condition

    def _read(self, clause: str) -> Condition | None:
        return (
            self._answer(clause)
            or self._count(clause)
            or self._clock(clause)
            or self._joined(clause)
            or self._of_fact(clause)
            or self._compared(clause)
            or self._existence(clause)
            or self._quoted(clause)
        )

    # Parts joined by and, or

    def _joined(self, clause: str) -> Condition | None:
        grammar = grammar_of(self._tag)
        if grammar.pattern("between").search(self._hashed(clause)[0]):
            return None
        for kind, name in (("any", "disjunctions"), ("all", "conjunctions")):
            parts = [part.strip(" ,") for part in grammar.pattern(name).split(clause)]
            parts = [
                piece for part in parts for piece in (re.split(r",\s+", part) if len(parts) > 1 else [part]) if piece
            ]
            if len(parts) < 2 or len(parts) > 6 or self._whole(clause):
                continue
            read = [self._read(part) for part in parts]
            if all(condition is None for condition in read):
                return Judgement(text=clause)
            if any(
                condition is None and len(content(part, self._tag)) == 0
                for condition, part in zip(read, parts, strict=True)
            ):
                return None
            known = tuple(condition or Judgement(text=part) for condition, part in zip(read, parts, strict=True))
            return AnyOf(of=known) if kind == "any" else AllOf(of=known)
        return None

    def _whole(self, clause: str) -> bool:
        """Return True if the clause is one comparison or one fact's values: `6 bicycles or more`, `red or off`."""
        text, _ = self._hashed(clause)
        grammar = grammar_of(self._tag)
        one = sum(1 for _, pattern in grammar.comparison_patterns if pattern.search(text))
        if (
            one
            and text.count("#") == 1
            and re.search(r"#[^#]{0,40}\b(?:or|and|oder|und|o|y|ou|et)\b", text, re.IGNORECASE)
        ):
            tail = next((m for _, p in grammar.comparison_patterns if (m := p.search(text))), None)
            return tail is not None and tail.end() >= len(text.rstrip()) - 2
        return isinstance(self._of_fact(clause, quiet=True), Among)

    # Answers and known facts

    def _answer(self, clause: str) -> Condition | None:
        """A bare `yes` or `no` to what was asked last."""
        grammar, word = grammar_of(self._tag), clause.lower().strip(" .!\"'")
        if self._book.last is None:
            return None
        fact = self._book[self._book.last]
        echo = re.match(grammar.echo, word, re.IGNORECASE)
        if echo is not None and fact.type is FactType.BOOLEAN:
            return Compare(fact=fact.name, op="eq", value=not echo["no"] and word not in grammar.no)
        if not (word in grammar.yes or word in grammar.no):
            return None
        if fact.type is FactType.CHOICE:
            return None
        if fact.type is FactType.TEXT:
            self._book.update(fact.name, type=FactType.BOOLEAN)
        return Compare(fact=fact.name, op="eq", value=word in grammar.yes)

    def _of_fact(self, clause: str, *, quiet: bool = False) -> Condition | None:
        recent = [fact for fact in reversed(self._book.all()) if fact.type in (FactType.BOOLEAN, FactType.CHOICE)]
        recent.sort(key=lambda fact: fact.name != self._book.last)
        for fact in recent:
            found = self._of_choice(clause, fact) if fact.type is FactType.CHOICE else None
            if found is None and fact.type is FactType.BOOLEAN:
                found = self._of_boolean(clause, fact)
            if found is None and not quiet and fact.whether and self._book.is_recent(fact.name):
                found = self._other_value(clause, fact)
            if found is not None:
                return found
        return None

    def _of_choice(self, clause: str, fact: Fact) -> Condition | None:
        words, said = tokens(clause), content(clause, self._tag)
        own = self._book.words_of(fact.name)
        named = []
        for choice in fact.choices:
            label = tokens(choice.label)
            at = next((i for i in range(len(words)) if words[i : i + len(label)] == label), None)
            if at is not None and label:
                named.append(choice)
        if not named:
            return None
        labels = {word for choice in named for word in content(choice.label, self._tag)}
        rest = tuple(word for word in said if word not in labels)
        if rest and not share(rest, own) and not (fact.name == self._book.last and len(rest) <= 1):
            return None
        if rest and share(rest, own) < 0.5 and fact.name != self._book.last:
            return None
        values = tuple(choice.value for choice in named)
        found: Condition = (
            Among(fact=fact.name, values=values)
            if len(values) > 1
            else Compare(fact=fact.name, op="eq", value=values[0])
        )
        negated = grammar_of(self._tag).pattern("negative").search(clause) is not None
        return Not(of=found) if negated else found

    def _of_boolean(self, clause: str, fact: Fact) -> Condition | None:
        own = content(fact.whether or fact.label, self._tag)
        said = content(clause, self._tag)
        if not own or not said:
            return None
        negative = grammar_of(self._tag).pattern("negative")
        negated = (negative.search(clause) is not None) != (negative.search(fact.whether or "") is not None)
        for word in own:
            flipped = opposite(word, self._tag) & set(said)
            others = tuple(w for w in own if w != word)
            if flipped and (
                share(others, said) >= 0.6 or (not others) or (fact.name == self._book.last and len(said) == 1)
            ):
                return Compare(fact=fact.name, op="eq", value=negated)
        if share(own, said) >= 0.75 and share(said, own) >= 0.5:
            return Compare(fact=fact.name, op="eq", value=not negated)
        if fact.name == self._book.last and share(said, own) == 1.0 and len(said) * 2 >= len(own):
            return Compare(fact=fact.name, op="eq", value=not negated)
        return None

    def _other_value(self, clause: str, fact: Fact) -> Condition | None:
        """A third value turns a yes-or-no fact into a choice: whether the light is green, then `is red`."""
        own, said = content(fact.whether or "", self._tag), content(clause, self._tag)
        if len(own) < 2 or not set(own[:-1]) <= set(said) or own[-1] in said:
            return None
        new = [word for word in said if word not in own]
        raw = [word for word in tokens(clause) if content(word, self._tag) and content(word, self._tag)[0] in new]
        if len(new) != 1 or not raw or tokens(clause)[-1] != raw[-1] or quantities(clause, self._tag):
            return None
        first = tokens(fact.whether or "")[-1]
        if fact.type is FactType.BOOLEAN:
            self._book.choice(fact.name, first)
        return Compare(fact=fact.name, op="eq", value=self._book.choice(fact.name, raw[-1]))

    # Counts and times

    def _count(self, clause: str) -> Condition | None:
        grammar = grammar_of(self._tag)
        text, numbers = self._hashed(clause)
        if found := grammar.pattern("nth_time").search(clause):
            number = ordinal(found["nth"])
            step = re.search(rf"\b{grammar.step_word}\s+[\w.]+", clause, re.IGNORECASE)
            if number and step and self.scope.here:
                return Count(of="step", target=self.scope.here, op="ge", value=number - 1)
            if number and not self.scope.loop:
                of = "requests" if re.search(grammar.asks_same, clause, re.IGNORECASE) else "trigger"
                return Count(of=of, text=clause, op="ge", value=number)
        found = grammar.pattern("attempts").search(text)
        if found and not self.scope.loop and re.search(grammar.tries, clause, re.IGNORECASE):
            times = _times(found["n"] or found["n2"], numbers)
            return Count(of="trigger", text=clause, op="ge", value=times)
        if found and self.scope.loop:
            times = _times(found["n"] or found["n2"], numbers)
            rest = (text[: found.start()] + text[found.end() :]).strip(" ,")
            count = Count(of="step", target=self.scope.loop, op="ge", value=times)
            inner = self._read(self._unhashed(rest, numbers)) if rest else None
            return AllOf(of=(inner, count)) if inner is not None else count
        return None

    def _clock(self, clause: str) -> Condition | None:
        times = clocks(clause)
        if not times:
            return None
        text = clause
        for time in reversed(times):
            text = text[: time.start] + "@" + text[time.end :]
        for kind, source in grammar_of(self._tag).clock:
            found = re.search(source, text, re.IGNORECASE)
            if found is None:
                continue
            start = times[text[: found.start("a")].count("@")].time if "a" in found.groupdict() else "00:00"
            end = times[text[: found.start("b")].count("@")].time if "b" in found.groupdict() else "00:00"
            span = TimeOfDay(start=start, end=end)
            return Not(of=span) if kind == "outside" else span
        return None

    # Comparisons

    def _hashed(self, clause: str) -> tuple[str, list[Quantity]]:
        numbers = quantities(clause, self._tag)
        text = clause
        for number in reversed(numbers):
            text = text[: number.start] + "#" + text[number.end :]
        return text, numbers

    def _unhashed(self, text: str, numbers: list[Quantity]) -> str:
        for number in numbers[: text.count("#")]:
            text = text.replace("#", f"{number.value:g} {number.currency or number.unit or ''}".strip(), 1)
        return text

    def _compared(self, clause: str) -> Condition | None:
        grammar = grammar_of(self._tag)
        text, numbers = self._hashed(clause)
        if not numbers:
            return None
        if (both := grammar.pattern("between").search(text)) and len(numbers) > 1:
            at = text[: both.start()].count("#")
            low, high = sorted((numbers[at], numbers[at + 1]), key=lambda number: number.value)
            unit, currency = low.unit or high.unit, low.currency or high.currency
            ends = [
                ("ge", Quantity(0, 0, low.value, unit, currency)),
                ("le", Quantity(0, 0, high.value, unit, currency)),
            ]
            parts = [self._one(op, number, text[: both.start()], text[both.end() :], text) for op, number in ends]
            return AllOf(of=(parts[0], parts[1])) if parts[0] and parts[1] else None
        for op, pattern in grammar.comparison_patterns:
            if found := pattern.search(text):
                number = numbers[text[: found.end()].count("#") - 1]
                groups = found.groupdict()
                noun = (groups.get("noun") or groups.get("noun2") or "").strip()
                after = noun + " " + text[found.end() :]
                return self._one(op, number, text[: found.start()], after, text)
        if len(numbers) == 1 and numbers[0].is_time and grammar.pattern("elapsed_since").search(text):
            op = (
                "gt"
                if re.search(r"passed|after|vergangen|nach|tras|después|après|pasad", text, re.IGNORECASE)
                else "le"
            )
            return self._elapsed(op, numbers[0], text[: text.find("#")], text)
        return None

    def _one(self, op: str, number: Quantity, before: str, after: str, text: str) -> Condition | None:
        subject = self._subject(before)
        counted = not subject or re.search(_HAS, before, re.IGNORECASE) or after[:1] not in ("", " ")
        noun = self._noun(after) if counted and not number.unit else ""
        if not content(subject, self._tag) and number.is_time and (event := re.search(_EVENT, after, re.IGNORECASE)):
            subject = event[1]
        if number.is_time:
            return self._timed(op, number, subject, text)
        name = self._quantity_fact(noun) or self._numeric(subject, number)
        if name is None and noun and not number.currency:
            name = self._book.add(
                self._number_of(noun), self._tag, self._lines, words=noun, asked=False, type="integer"
            )
        if name is not None and noun and subject:
            self._compared_before[content(subject, self._tag)] = name
        if name is None:
            return None
        return Compare(fact=name, op=op, value=number.value, unit=number.currency or number.unit)

    def _timed(self, op: str, number: Quantity, subject: str, text: str) -> Condition | None:
        grammar = grammar_of(self._tag)
        durations = (FactType.DURATION, FactType.TEXT)
        name = self._book.find(subject, self._tag, durations)
        if name is None and subject and type_of(subject, self._tag) is FactType.DURATION:
            name = self._book.add(subject, self._tag, self._lines, asked=False, type="duration")
        if name is None and not subject and self._book.last and self._book[self._book.last].type is FactType.DURATION:
            name = self._book.last
        if name is not None:
            self._book.update(name, type=FactType.DURATION, unit=number.unit)
            return Compare(fact=name, op=op, value=number.value, unit=number.unit)
        dated = self._book.find(subject, self._tag, (FactType.DATE,))
        if dated or grammar.pattern("elapsed_since").search(text) or grammar.pattern("elapsed_until").search(text):
            return self._elapsed(op, number, subject, text)
        return None

    def _elapsed(self, op: str, number: Quantity, subject: str, text: str) -> Condition | None:
        grammar = grammar_of(self._tag)
        words = tuple(word for word in content(subject, self._tag) if word not in _PREPOSITIONS)
        name = self._book.find(subject, self._tag, (FactType.DATE,))
        ahead = grammar.pattern("elapsed_until").search(text) is not None
        if name is None and words and self._points_back(subject):
            last = self._book[self._book.last] if self._book.last else None
            near = last is not None and max(last.lines, default=0) >= min(self._lines, default=1) - 1
            name = last.name if last is not None and near and last.type is FactType.DATE else None
            if name is None:
                return None
        if name is None and not words:
            name = self._book.latest((FactType.DATE,))
        if name is None:
            label = grammar.date_of.format(subject) if words else grammar.date_label
            name = self._book.add(label, self._tag, self._lines, asked=False, type="date")
        return Elapsed(
            fact=name, op=op, amount=number.value, unit=number.unit or "days",
            direction="until" if ahead else "since",
        )  # fmt: skip

    def _points_back(self, subject: str) -> bool:
        return any(word in grammar_of(self._tag).pronouns for word in tokens(subject)[:1])

    def _numeric(self, subject: str, number: Quantity) -> str | None:
        if self._points_back(subject) and content(subject, self._tag):
            return None
        if not content(subject, self._tag):
            last = self._book.last
            usable = (
                last is not None
                and self._book[last].type in _NUMERIC
                and not (self._book[last].type is FactType.TEXT and self._book[last].asks)
            )
            name = last if usable else self._book.latest(_NUMERIC[:3])
            return self._typed(name, number) if name else None
        if (same := self._compared_before.get(content(subject, self._tag))) and not number.unit and not number.currency:
            return same
        if name := self._book.find(subject, self._tag, _NUMERIC):
            return self._typed(name, number)
        grammar = grammar_of(self._tag)
        if number.currency:
            money = type_of(subject, self._tag) is FactType.AMOUNT
            label = subject if money else grammar.value_of.format(self._definite(subject))
            return self._book.add(label, self._tag, self._lines, asked=False, type="amount", currency=number.currency)
        if number.scale or number.unit:
            name = self._book.add(subject, self._tag, self._lines, asked=False, type="decimal", unit=number.unit)
            if number.scale:
                self._book.update(name, type=FactType.INTEGER)
                self._book.limit(name, minimum=0, maximum=number.scale)
            return name
        if type_of(subject, self._tag) in (FactType.INTEGER, FactType.AMOUNT, FactType.DECIMAL):
            return self._book.add(subject, self._tag, self._lines, asked=False)
        return None

    def _typed(self, name: str, number: Quantity) -> str:
        """Give a fact that was text so far the type that the comparison shows."""
        fact = self._book[name]
        if fact.type is FactType.TEXT:
            kind = FactType.AMOUNT if number.currency else FactType.DECIMAL if number.unit else FactType.INTEGER
            self._book.update(name, type=kind)
        if number.currency and not fact.currency:
            self._book.update(name, currency=number.currency)
        return name

    def _quantity_fact(self, noun: str) -> str | None:
        return self._book.find(noun, self._tag, (FactType.INTEGER,)) if noun else None

    def _number_of(self, noun: str) -> str:
        return {"de": "Anzahl der {}", "es": "número de {}", "fr": "nombre de {}"}.get(
            self._tag, "number of {}"
        ).format(noun)

    def _subject(self, before: str) -> str:
        """The subject of a comparison without articles, copula and adverbs."""
        words = re.sub(_COPULA, " ", before, flags=re.IGNORECASE).strip(" ,:")
        previous = None
        while previous != words:
            previous = words
            words = re.sub(rf"^{grammar_of(self._tag).articles}", "", words + " ", flags=re.IGNORECASE).strip(" ,:")
        return re.sub(r"\s+(?:of|von|de)$", "", " ".join(words.split()))

    def _definite(self, subject: str) -> str:
        return f"the {subject[0].lower()}{subject[1:]}" if self._tag == "en" else subject

    def _noun(self, after: str) -> str:
        words = tokens(after)[:1]
        return words[0] if words and content(words[0], self._tag) and len(words[0]) > 2 else ""

    # Existence and quotations

    def _existence(self, clause: str) -> Condition | None:
        grammar = grammar_of(self._tag)
        found = grammar.pattern("lacks").search(clause)
        for match, positive in ((found, False), (None if found else grammar.pattern("has").search(clause), True)):
            if match is None:
                continue
            thing = clause[match.end() :].strip(" ,")
            points_back = not content(thing, self._tag) or all(word in grammar.pronouns for word in tokens(thing))
            name = self._book.last if points_back and not positive else self._book.find(thing, self._tag)
            if name and (points_back or share(content(thing, self._tag), self._book.words_of(name)) >= 0.6):
                return Exists(fact=name) if positive else Not(of=Exists(fact=name))
        return None

    def _quoted(self, clause: str) -> Condition | None:
        """`its status is 'pending'`: a comparison with a quoted value."""
        quoted = _QUOTED.findall(clause)
        if not quoted:
            return None
        subject = self._subject(_QUOTED.sub("", clause))
        subject = re.sub(rf"{grammar_of(self._tag).negative}", " ", subject, flags=re.IGNORECASE).strip()
        if not content(subject, self._tag) or len(tokens(subject)) > 5:
            return None
        name = self._book.find(subject, self._tag) or self._book.add(
            subject, self._tag, self._lines, asked=False, type="choice", origin="operation"
        )
        if self._book[name].type not in (FactType.CHOICE, FactType.TEXT):
            return None
        values = tuple(self._book.choice(name, value) for value in quoted)
        found: Condition = (
            Among(fact=name, values=values) if len(values) > 1 else Compare(fact=name, op="eq", value=values[0])
        )
        return Not(of=found) if grammar_of(self._tag).pattern("negative").search(_QUOTED.sub("", clause)) else found


_HAS = r"(?<!\w)(?:has|have|had|is|are|there|hat|haben|gibt|tienen?|hay|a|ont)(?!\w)\s*(?:\w+\s+)?$"
_PREPOSITIONS = frozenset(
    "after within since before last past nach innerhalb seit vor binnen letzt tras después pasad hac últim aprè depui dan avant derni".split()
)
_EVENT = r"(?:para|antes de|before|until|bis zu[mr]|vor|avant)\s+(?:(?:la|el|the|le|de[mr])\s+|l['’])?(\w+)"
_COPULA = (
    r"(?<!\w)(?:is|are|was|were|be|been|has|have|had|costs?|there|worth|ist|sind|war|hat|haben|beträgt|liegt|betragen|es gibt|wert|"
    r"es|hace|se|está|son|fue|ha|han|tiene|hay|vale|supera|cuesta|faltan?|quedan?|est|sont|était|a|ont|il y a|vaut|coûte|dépasse|by|still|um)(?!\w)"
)


def _times(word: str | None, numbers: list[Quantity]) -> int:
    word = (word or "").lower()
    if "#" in word:
        return int(numbers[0].value) if numbers else 1
    known = {"once": 1, "twice": 2, "thrice": 3, "einmal": 1, "zweimal": 2, "dreimal": 3}
    last = word.split()[-1] if word.split() else ""
    return known.get(last) or ordinal(last) or 1
