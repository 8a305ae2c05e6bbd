"""Form of a grammar table."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

_I = re.IGNORECASE

type Patterns = tuple[tuple[str, str], ...]


def words(*alternatives: str) -> str:
    """Return a pattern that matches any of the alternatives as whole words."""
    return rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)"


@dataclass(frozen=True, eq=False)
class Grammar:
    """Words and patterns of one language. Patterns are case-blind; `what` names the part that matters.

    Attributes:
        common: Frequent words that show a sentence's language.
        caller: Noun phrases and pronouns for the caller. `agent`: for the agent, as subject with its modal verb.
        openers: Condition kinds to the patterns that open their clause: `if`, `unless`, `only_if`, `before`, `after`,
            `otherwise`, `for`.
        adverbs: What may lead a main clause and carries nothing: then, first, please.
        negations: What makes a main clause a prohibition, at its start. `inner_negations`: inside it.
        musts: Marks of an obligation. `onlys`: marks of a restriction.
        verbs: Verbs that open a clause of the agent; used to split coordinated clauses.
        acts: Kinds of acts in the order they are tried.
        says: Verbs of speech acts. `manners`: openings of rules on manner.
        firm_verbs: Verbs that are the agent's even after `ask the caller to ...`. `hearers`: the caller as subject of a
            coordinated statement. `requests`: openings of a request to the caller.
        takes_if: What makes a following `if` a question. `before_infinitive`: what makes a following verb no main verb.
        limit, attempts, nth_time: Counts of loops and of requests.
        compare: Operators to patterns with a number at `#`; `clock`, `elapsed`: see `conditions`.
        types: Fact types to patterns on a noun phrase.
    """

    tag: str
    common: frozenset[str]
    caller: str
    agent: str
    openers: Mapping[str, str]
    adverbs: str
    negations: str
    inner_negations: str
    musts: str
    verbs: str
    acts: Patterns
    says: str
    manners: str
    firm_verbs: str
    plain_agent: str
    hearers: str
    joints: str
    then: str
    requests: str
    takes_if: str
    before_infinitive: str
    never_trailing: frozenset[str]
    articles: str
    stop: frozenset[str]
    numbers: Mapping[str, float]
    units: Mapping[str, str]
    comparisons: Patterns
    between: str
    elapsed_since: str
    elapsed_until: str
    clock: Patterns
    negative: str
    lacks: str
    has: str
    types: Patterns
    wh: str
    yes: frozenset[str]
    no: frozenset[str]
    opposites: tuple[tuple[str, str], ...]
    limit: str
    attempts: str
    nth_time: str
    conjunctions: str
    disjunctions: str
    urgent: str
    danger: str
    headings: Mapping[str, str]
    columns: Mapping[str, str]
    step_word: str
    value_of: str
    date_of: str
    inverted: str = ""
    tries: str = r"(?!)"
    serial: str = r"(?!)"  # verbs that another one completes: `try and send`
    particles: str = r"(?!)"
    passive_handoff: str = ""
    alternative: str = ""
    aux: str = ""
    caller_clause: str = ""
    only: str = r"only\s+"
    asks: str = ""
    form_units: str = ""
    cuts: str = ""
    possessors: str = r"(?!)"
    number_of: str = "number of {}"
    read_back: str = r"(?!)"
    confirm_clause: str = ""
    topic_label: str = "topic"
    no_object: str = r"(?!)"
    greets: str = r"(?!)"
    permits: str = r"(?!)"
    lead_only: str = r"(?!)"
    passive_only: str = r"(?!)"
    passive_once: str = r"(?!)"
    echo: str = r"(?!)"
    checks: str = r"(?!)"
    as_action: "Callable[[str], str] | None" = None
    reshape: "Callable[[str, bool, bool], tuple[str, bool]] | None" = None
    asks_same: str = r"(?!)"
    bare_negation: str = r"(?!)"
    identity: str = r"(?!)"
    error: str = r"(?!)"
    danger_label: str = r"(?!)"
    denies_ai: str = r"(?!)"
    once: str = r"(?!)"
    chart_ends: str = r"(?!)"
    date_label: str = "date"
    again: str = r"(?!)"
    again_words: str = r"(?!)"
    limit_opens: str = r"(?!)"
    others: frozenset[str] = field(default_factory=frozenset)
    after_word: str = "after"
    contact: str = r"(?!)"
    only_word: str = "only"
    not_word: str = "not"
    message_label: str = "message"
    tail: str = r"(?!)"
    times: Mapping[str, int] = field(default_factory=dict)
    confirm_label: str = ""
    because: str = r"(?!)"

    def reshaped(self, text: str, *, subject: bool, negative: bool) -> tuple[str, bool]:
        """Return a verb phrase in the form that the acts are written for."""
        if self.reshape is not None:
            return self.reshape(text, subject, negative)
        if subject and self.third_person:
            for pattern, said in self.third_person:
                text = re.sub(pattern, said, text, count=1, flags=_I)
        found = re.match(self.no_object, text, _I)
        if found is not None and re.match(self.verbs, text, _I):
            return f"{found['verb']} {found['rest']}", True
        return text, negative

    second_person: Patterns = ()
    third_person: Patterns = ()
    request_form: Patterns = ()
    pronouns: frozenset[str] = field(default_factory=frozenset)
    quantity: str = ""
    form_starts: str = ""
    form_length: str = ""

    def pattern(self, name: str) -> "re.Pattern[str]":
        """Return the compiled pattern of a field."""
        return _compiled(getattr(self, name))

    @cached_property
    def act_patterns(self) -> tuple[tuple[str, "re.Pattern[str]"], ...]:
        """The acts, compiled."""
        return tuple((kind, _compiled(text)) for kind, text in self.acts)

    @cached_property
    def comparison_patterns(self) -> tuple[tuple[str, "re.Pattern[str]"], ...]:
        """The comparisons, compiled, with the number filled in."""
        return tuple((kind, _compiled(text)) for kind, text in self.comparisons)

    @cached_property
    def type_patterns(self) -> tuple[tuple[str, "re.Pattern[str]"], ...]:
        """The fact types, compiled."""
        return tuple((kind, _compiled(text)) for kind, text in self.types)

    def opener(self, kind: str) -> "re.Pattern[str]":
        """Return the compiled pattern that opens a condition of that kind."""
        return _compiled(self.openers[kind])

    def heading(self, kind: str) -> "re.Pattern[str]":
        """Return the compiled pattern of headings of that kind."""
        return _compiled(self.headings[kind])


_CACHE: dict[str, "re.Pattern[str]"] = {}


def _compiled(text: str) -> "re.Pattern[str]":
    if text not in _CACHE:
        _CACHE[text] = re.compile(text, _I)
    return _CACHE[text]
