"""Step builder: the nodes of a section as a body of steps, with conditions, branches, loops and rules."""

import re
from dataclasses import dataclass

from oratio.authoring.procedures.acts import Act, read_act
from oratio.authoring.procedures.asks import ask_nouns
from oratio.authoring.procedures.clauses import Clause, Given, split_sentence
from oratio.authoring.procedures.conditions import ConditionReader
from oratio.authoring.procedures.effects import Effects, Where, limit_of
from oratio.authoring.procedures.grammar import grammar_of, language_of
from oratio.authoring.procedures.layout.document import Node, Sentence
from oratio.authoring.procedures.loops import (
    answer_of,
    counts_entry,
    hoist_exception,
    limit_loop,
    merge_for_otherwise,
    repeated_step,
)
from oratio.authoring.procedures.rules import Rules
from oratio.authoring.procedures.state import CompilerState, facts_in
from oratio.domain.procedures.conditions import Among, Compare, Condition, Exists, Not, TimeOfDay
from oratio.domain.procedures.facts import FactType
from oratio.domain.procedures.steps import Ask, Branch, Decide, Do, End, GoTo, HandOff, Step, Tell

type Lines = tuple[int, ...]
_ASK_KINDS = frozenset({"nouns", "provide", "nouns_bare", "ask_wh", "whether", "question", "ask_yes", "ask_one_of"})


@dataclass(slots=True)
class Place:
    """Where a node is read.

    Attributes:
        mode: `sequence`: the body of a procedure; `preamble`: before several procedures; `rules`, `handoff`,
            `background`: parts that hold for the whole conversation.
    """

    mode: str = "sequence"
    ordered: bool = False

    @property
    def sequence(self) -> bool:
        """True in the body of a procedure."""
        return self.mode == "sequence"


class Builder:
    """Reads nodes into steps; facts, rules and triggers go to the state."""

    def __init__(self, state: CompilerState) -> None:
        self._state = state
        self._effects = Effects(state)
        self._rules = Rules(state, self._effects)
        self._after_trigger = False  # the last condition became a trigger: what is otherwise done is simply next

    @property
    def _reader(self) -> ConditionReader:
        return self._state.reader

    def body(self, nodes: list[Node], place: Place, out: list[Step] | None = None) -> list[Step]:
        """Return the steps of nodes in order; the first step of a numbered node carries its label."""
        out = [] if out is None else out
        for node in nodes:
            start = len(out)
            self.node(node, place, out)
            if node.key and len(out) > start:
                label = "step_" + re.sub(r"[^a-z0-9]+", "_", node.key)
                out[start] = out[start].model_copy(update={"label": label})
        return out

    def node(self, node: Node, place: Place, out: list[Step]) -> None:
        """Append the steps of one node."""
        start = len(out)
        inner = Place(place.mode, place.ordered or node.ordered)
        if place.sequence and node.ordered:
            self._reader.scope.here = None
        sentences = list(node.sentences)
        if sentences and self._danger(sentences, out, inner):
            return
        lead = sentences[-1] if sentences and node.children else None
        if lead is not None and self._leads(lead, node, inner, out, start, sentences[:-1]):
            return
        if place.mode == "handoff" and node.kind == "item" and sentences and not node.children:
            self._rules.situation(node, "", self._tag(node.text))
            return
        before = len(out)
        for sentence in sentences:
            before = len(out)
            self.sentence(sentence, inner, out, start)
        if node.children and not self._answers(node, inner, out):
            self._children(node, inner, out, before)

    def _children(self, node: Node, place: Place, out: list[Step], before: int) -> None:
        """Read sub-items; those of `if ..., ...` are done in its case only."""
        last = node.sentences[-1] if node.sentences else None
        tag = self._tag(last.text) if last else self._state.tag
        clauses = split_sentence(last.text, tag) if last else []
        given = clauses[-1].given if len(clauses) == 1 else None
        if last is None or given is None or given.kind not in ("if", "unless") or not place.sequence:
            self.body(node.children, place, out)
            return
        decide = out[-1] if len(out) > before else None
        if isinstance(decide, Decide) and len(decide.branches) == 1 and decide.otherwise is None:
            branch = decide.branches[0]
            steps = self.body(node.children, place, list(branch.steps))
            out[-1] = decide.model_copy(update={"branches": (branch.model_copy(update={"steps": tuple(steps)}),)})
        elif decide is None:
            self._scoped(given, last, node.children, place, out)
        else:
            self.body(node.children, place, out)

    def _danger(self, sentences: list[Sentence], out: list[Step], place: Place) -> bool:
        """`Leaking = dangerous! Stop using it, get Tom`: what follows is done in that danger."""
        tag = self._tag(sentences[0].text)
        found = re.match(grammar_of(tag).danger_label, sentences[0].text, re.IGNORECASE)
        if found is None or len(sentences) < 2:
            return False
        steps: list[Step] = []
        for sentence in sentences[1:]:
            self.sentence(sentence, place, steps, 0)
        lines = tuple(line for sentence in sentences for line in sentence.lines)
        handoff = next((step for step in steps if isinstance(step, HandOff)), None)
        condition = self._reader.read(found["what"], tag, lines)
        if handoff is None:
            if steps:
                self._decide(condition, steps, lines, out)
            return bool(steps)
        urgent = handoff.model_copy(update={"urgent": True})
        self._rules.trigger(
            condition, found["what"], [urgent], steps[: steps.index(handoff)], tuple(dict.fromkeys(lines)), tag
        )
        return True

    # Lead-ins and answers

    def _leads(
        self, lead: Sentence, node: Node, place: Place, out: list[Step], start: int, before: list[Sentence]
    ) -> bool:
        """Read children in the scope of the sentence that leads them in; return False if it does not."""
        tag = self._tag(lead.text)
        clauses = split_sentence(lead.text.rstrip(" :："), tag)  # noqa: RUF001
        open_condition = clauses and clauses[-1].given is not None and not clauses[-1].parts
        if not (open_condition or lead.text.rstrip().endswith((":", "："))):  # noqa: RUF001
            return False
        if open_condition and clauses[-1].given is not None:
            for sentence in before:
                self.sentence(sentence, place, out, start)
            self._scoped(clauses[-1].given, lead, node.children, place, out)
            return True
        act = read_act(clauses[-1].parts[-1].text, tag) if clauses and clauses[-1].parts else None
        if act is None:
            return False
        given = clauses[-1].given or clauses[-1].parts[-1].extra
        if given is not None and given.text:
            return False
        if act.kind == "permission" and not place.ordered:
            inner = Place("background")
            for sentence in (*before, lead):
                self.sentence(sentence, place, out, start)
            self.body(node.children, inner)
            return True
        kind = self._list_kind(act, node, tag)
        if not kind:
            return False
        for sentence in before:
            self.sentence(sentence, place, out, start)
        self._listed(kind, act, lead, node, place, out)
        return True

    def _list_kind(self, act: Act, node: Node, tag: str) -> str:
        """What the children of a lead-in are: `rules`, `triggers`, `facts` or `steps`; empty if it leads nothing in."""
        grammar = grammar_of(tag)
        if act.negative:
            return "rules"
        if act.kind == "handoff":
            return "triggers"
        objects = [child for child in node.children if child.sentences]
        asks = act.kind in _ASK_KINDS or re.match(grammar.asks, act.text, re.IGNORECASE)
        bare = all(
            len(child.text.split()) <= 7 and not re.match(grammar.verbs, child.text, re.IGNORECASE) for child in objects
        )
        if asks and objects and bare:
            return "facts"
        return "steps" if re.search(grammar.lead_only, act.text.rstrip(" :"), re.IGNORECASE) else ""

    def _scoped(self, given: Given, lead: Sentence, children: list[Node], place: Place, out: list[Step]) -> None:
        tag = self._tag(lead.text)
        if given.kind == "otherwise":
            self._attach_otherwise(out, self.body(children, place), lead.lines)
            return
        condition = self._condition(given, tag, lead.lines)
        steps = self.body(children, place)
        if condition is None:
            out += steps
        elif steps:
            self._decide(condition, steps, lead.lines, out)
        else:
            self._state.fate(lead.lines, "rule" if self._state.rules else "background")

    def _listed(self, kind: str, act: Act, lead: Sentence, node: Node, place: Place, out: list[Step]) -> None:
        """Read children as the objects of the lead-in: facts to ask, things forbidden, reasons to hand over, steps."""
        tag = self._tag(lead.text)
        objects = [child for child in node.children if child.sentences]
        if kind == "steps":
            self._state.fate(lead.lines, "structure", reason="lead-in")
            self.body(node.children, place, out)
        elif kind == "rules":
            for child in objects:
                for sentence in child.sentences:
                    self._rules.forbidden(sentence.text, act, sentence.lines, self._tag(sentence.text))
            self._state.fate(lead.lines, "rule", self._state.rules[-1].id if self._state.rules else None)
        elif kind == "triggers":
            for child in objects:
                self._rules.situation(child, act.what, self._tag(child.text))
            self._state.fate(lead.lines, "executed", self._state.triggers[-1].id if self._state.triggers else None)
        else:
            for child in objects:
                lines = child.sentences[0].lines
                for name in ask_nouns(child.text, tag, self._state.book, lines):
                    step = Ask(id=self._state.new_id(), lines=lines, fact=name)
                    out.append(step)
                    self._state.executed([step])
                    self._state.asked.append(name)
            self._state.fate(lead.lines, "executed")

    def _answers(self, node: Node, place: Place, out: list[Step]) -> bool:
        """Children that say what follows from each answer: `No -> go to step 2`."""
        question = next((step for step in reversed(out) if isinstance(step, Ask)), None)
        last = self._state.book.last
        found = [(child, answer_of(child.sentences[0].text)) for child in node.children if child.sentences]
        if question is None or last is None or not found or any(match is None for _, match in found):
            return False
        tag = self._tag(node.text)
        grammar = grammar_of(tag)
        single = found[0][1]["answer"].strip().lower() if len(found) == 1 and found[0][1] else ""
        if len(found) == 1 and single not in grammar.yes | grammar.no:
            return False
        if any(
            match and any(grammar.opener(k).match(match["answer"]) for k in ("if", "unless", "otherwise"))
            for _, match in found
        ):
            return False
        conditions = [self._answer(match["answer"], last, tag, child) for child, match in found if match]
        branches, otherwise = [], None
        for (child, match), condition in zip(found, conditions, strict=True):
            assert match is not None
            self._state.book.last = last
            rest = Sentence(match["act"], child.sentences[0].start, child.sentences[0].end)
            inner = Node("item", [rest, *child.sentences[1:]], children=child.children)
            steps: list[Step] = []
            self.node(inner, place, steps)
            if condition is None:
                otherwise = tuple(steps)
            else:
                branches.append(Branch(condition=condition, steps=tuple(steps), lines=rest.lines))
            self._state.fate(rest.lines, "executed", steps[0].id if steps else question.id)
        lines = tuple(sorted({line for branch in branches for line in branch.lines}))
        out.append(Decide(id=self._state.new_id(), lines=lines, branches=tuple(branches), otherwise=otherwise))
        return True

    def _answer(self, answer: str, name: str, tag: str, child: Node) -> Condition | None:
        """The condition of one answer; None for `anything else`."""
        grammar, book = grammar_of(tag), self._state.book
        book.last = name
        lines = child.sentences[0].lines
        plain = answer.strip(" .\"'“”").lower()
        if grammar.opener("otherwise").match(plain) or plain in grammar.others:
            return None
        if plain in grammar.yes or plain in grammar.no:
            return self._reader.read(plain, tag, lines)
        typed = self._reader.typed(answer, tag, lines)
        if typed is not None and name in facts_in(typed):
            return typed
        if book[name].type in (FactType.TEXT, FactType.CHOICE, FactType.BOOLEAN):
            split = rf"\s*/\s*|\s*,\s*(?:{grammar.disjunctions}\s+)?|\s+{grammar.disjunctions}\s+"
            labels = [
                re.sub(rf"^{grammar.articles}", "", label, flags=re.I) for label in re.split(split, answer, flags=re.I)
            ]
            values = tuple(dict.fromkeys(book.choice(name, label) for label in labels if label.strip()))
            if len(values) == 1:
                return Compare(fact=name, op="eq", value=values[0])
            return Among(fact=name, values=values)
        return self._reader.read(answer, tag, lines)

    # Sentences

    def _tag(self, text: str) -> str:
        tag = language_of(text, self._state.tag)
        self._state.tags.setdefault(tag)
        return tag

    def sentence(self, sentence: Sentence, place: Place, out: list[Step], start: int) -> None:
        """Append the steps of a sentence; what it adds as facts, rules and triggers goes to the state."""
        tag = self._tag(sentence.text)
        text = re.sub(r"^\[[ xX]?\]\s*", "", sentence.text)
        if self._state.denied.intersection(sentence.lines):
            return
        if self._loop_limit(text, tag, sentence, out, start):
            return
        before = len(out)
        if place.mode == "background" and not re.match(
            rf"(?:{grammar_of(tag).agent}|{grammar_of(tag).negations})", text, re.IGNORECASE
        ):
            self._rest(sentence, tag, place, out)
            return
        for clause in split_sentence(text, tag):
            self._clause(clause, sentence, tag, place, out, start)
        if len(out) == before and not any(line in self._state.fates for line in sentence.lines):
            self._rest(sentence, tag, place, out)

    def _rest(self, sentence: Sentence, tag: str, place: Place, out: list[Step]) -> None:
        """A sentence without an act: the form of a fact, a deed in words that are not known, or background."""
        if self._effects.form(sentence.text, tag):
            name = self._state.book.last
            self._state.fate(sentence.lines, "executed", f"fact:{name}")
            return
        grammar = grammar_of(tag)
        if place.sequence and re.match(
            rf"(?:{grammar.again}|{grammar.limit_opens})(?!\w)", sentence.text, re.IGNORECASE
        ):
            reason = "there is no step before it that it could repeat or limit"
            self._state.fate(sentence.lines, "not_understood", reason=reason)
            return
        self._state.background.append(sentence.text)
        self._state.fate(sentence.lines, "background")

    def _loop_limit(self, text: str, tag: str, sentence: Sentence, out: list[Step], start: int) -> bool:
        """`At most two restarts, after that go to step 7`: limits the loop before it."""
        grammar = grammar_of(tag)
        bare = re.sub(rf"^(?:{grammar.again})\s+", "", text, flags=re.IGNORECASE)
        limit = limit_of(bare, tag)
        number_first = re.match(rf"(?:{grammar.limit_opens})", bare, re.IGNORECASE)
        if limit is None or not number_first:
            return False
        then: list[Step] = []
        clauses = split_sentence(bare, tag)
        where = Where(sentence.lines, tag)
        for part in [part for clause in clauses for part in clause.parts]:
            act = read_act(part.text, tag)
            if act.kind in ("goto", "handoff", "end", "tell", "statement", "nouns"):
                then += self._effects.steps(act, where)
        if not limit_loop(out, start, limit, then, self._state, sentence.lines):
            return False
        self._state.fate(sentence.lines, "executed", out[start].id)
        return True

    def _condition(self, given: Given, tag: str, lines: Lines) -> Condition | None:
        """The condition of a clause; None for an order in time that the sequence keeps anyway."""
        if given.kind in ("after_event", "before", "until"):
            return None
        condition = self._reader.read(given.text, tag, lines)
        if given.kind == "unless":
            return condition.of if isinstance(condition, Not) else Not(of=condition)
        if given.kind == "after":
            return self._reader.read(f"{grammar_of(tag).after_word} {given.text}", tag, lines)
        return condition

    def _clause(self, clause: Clause, sentence: Sentence, tag: str, place: Place, out: list[Step], start: int) -> None:
        lines, given = sentence.lines, clause.given
        if (
            given is not None
            and given.kind == "if"
            and self._starts_procedure(given, clause, sentence, tag, place, out)
        ):
            given = None
        ordered = given is not None and self._rules.ordering(given, clause, lines, tag)
        if ordered and not (place.ordered and place.sequence):
            return
        first = repeated_step(out[start:])
        self._reader.scope.here = first.id if first else None
        condition = self._condition(given, tag, lines) if given and given.kind != "otherwise" else None
        steps: list[Step] = []
        exceptions: list[Act] = []
        exclusive = False
        where = Where(lines, tag, place.ordered, given.text if given else "")
        for part in clause.parts:
            act = read_act(part.text, tag, permit=given is not None and place.sequence)
            exclusive = exclusive or act.only
            extra = part.extra
            narrow = extra or (given if given is not None and given.kind == "only_if" else None)
            limits = act.negative or act.only or (narrow is not None and narrow.kind == "only_if")
            if limits and self._rules.restrict(act, narrow, condition, where, alone=len(clause.parts) == 1):
                if act.negative and condition is not None:
                    exceptions.append(act)
                continue
            if extra is not None and extra.kind == "before" and not act.negative:
                self._state.rule(lines, kind="only_after", action=extra.text, after=act.text)
                if act.quote and place.sequence:
                    out[0:0] = self._effects.steps(act, where)
                if act.quote or not place.sequence:
                    continue
                extra = None
            if not place.sequence and self._standing(act, part.text, condition, extra, where, place):
                continue
            if self._alternative(part.text, condition, tag, out, lines):
                return
            requested = any(isinstance(step, Tell) and step.form == "request" for step in steps)
            made = self._effects.steps(
                act, Where(lines, tag, place.ordered, (extra.text if extra else where.because), requested)
            )
            if not made and act.kind in ("fact", "background"):
                made = self._stated(part.text, given, tag, place, lines)
            if extra is not None and made:
                made = self._conditional(extra, made, tag, lines)
            self._placed(act, made, steps)
        if clause.colon and steps and isinstance(steps[0], Do) and any(isinstance(step, Ask) for step in steps):
            steps.append(steps.pop(0))
        asked = out[-1] if out else None
        if given is not None and given.kind == "otherwise" and isinstance(asked, Ask) and self._is_open(asked):
            self._decide(Compare(fact=asked.fact, op="eq", value=False), steps, lines, out)
        elif given is not None and given.kind == "otherwise":
            self._attach_otherwise(out, steps, lines)
        elif condition is None:
            out += steps
        else:
            self._conditioned(
                condition, steps, exceptions, sentence, tag, place, out, start, given, exclusive=exclusive
            )

    def _standing(
        self, act: Act, text: str, condition: Condition | None, extra: Given | None, where: Where, place: Place
    ) -> bool:
        """Read an instruction outside of procedures: a rule, but greetings and questions open the conversation."""
        if place.mode == "handoff":
            return False
        if act.kind in ("fact", "background", "wait", "permission") or place.mode == "background":
            self._state.background.append(text)
            self._state.fate(where.lines, "background")
            return True
        if act.kind in ("handoff", "passive_handoff"):
            return False
        greets = re.match(grammar_of(where.tag).greets, act.text, re.IGNORECASE)
        opening = act.kind in _ASK_KINDS or (act.kind == "tell" and greets)
        if place.mode == "preamble" and opening and condition is None and extra is None:
            return False
        if extra is not None and condition is None:
            condition = self._condition(extra, where.tag, where.lines)
        if act.kind == "tell" and len(act.quote.split()) > 1:
            action = act.text.replace(act.quote, "").strip(" \"'“”„«»:")
            words = act.quote
            self._state.rule(where.lines, kind="exactly_these_words", action=action, words=words, condition=condition)
            return True
        concerns = self._effects.concerns(act, where.tag)
        self._state.rule(where.lines, kind="always", action=act.text, concerns=concerns, condition=condition)
        return True

    def _is_open(self, ask: Ask) -> bool:
        """Return True if a yes-or-no question was asked just before: `if not` is its other answer."""
        return self._state.book[ask.fact].type is FactType.BOOLEAN

    def _stated(self, text: str, given: Given | None, tag: str, place: Place, lines: Lines) -> list[Step]:
        """A statement: the form of a fact, or under a condition what the caller is to know."""
        if self._effects.form(text, tag):
            self._state.fate(lines, "executed", f"fact:{self._state.book.last}")
            return []
        if given is None or not place.sequence or given.kind not in ("if", "unless", "otherwise", "after"):
            return []
        return self._effects.steps(Act("statement", text, text.strip(" .")), Where(lines, tag))

    def _placed(self, act: Act, made: list[Step], steps: list[Step]) -> None:
        """Append steps; what must be known first (`make sure you have ...`) goes before the deeds of its sentence."""
        sure = act.kind == "nouns" and re.match(
            r"make sure|ensure|stellen sie sicher|asegúrese|assurez", act.text, re.IGNORECASE
        )
        if sure and made:
            steps[0:0] = made
        elif act.kind == "wait" and steps and isinstance(steps[-1], Tell):
            steps[-1] = steps[-1].model_copy(update={"awaits": "reply"})
        else:
            steps += made

    def _conditional(self, extra: Given, made: list[Step], tag: str, lines: Lines) -> list[Step]:
        condition = self._condition(extra, tag, lines)
        if condition is None:
            return made
        if all(isinstance(step, HandOff) for step in made) and not facts_in(condition):
            self._rules.trigger(condition, extra.text, made, [], lines, tag)
            return []
        return [
            Decide(
                id=self._state.new_id(),
                lines=lines,
                branches=(Branch(condition=condition, steps=tuple(made), lines=lines),),
            )
        ]

    def _conditioned(
        self, condition: Condition, steps: list[Step], exceptions: list[Act], sentence: Sentence, tag: str,
        place: Place, out: list[Step], start: int, given: Given | None, *, exclusive: bool,
    ) -> None:  # fmt: skip
        lines = sentence.lines
        moved = next((step for step in steps if isinstance(step, HandOff)), None)
        if (
            exceptions
            and moved is not None
            and facts_in(condition)
            and not facts_in(condition) & set(self._state.asked)
        ):
            self._rules.trigger(condition, given.text if given else "", [moved], [], lines, tag)
        if any(hoist_exception(out, act.text, tag, condition, steps, self._state, lines) for act in exceptions):
            return
        if not steps:
            return
        first = repeated_step(out[start:])
        if counts_entry(condition, first.id if first else None):
            branch = Branch(condition=condition, steps=tuple(steps), lines=lines)
            out.insert(start, Decide(id=self._state.new_id(), lines=lines, branches=(branch,)))
            return
        if isinstance(condition, TimeOfDay) and exclusive:
            steps = [*steps, End(id=self._state.new_id(), lines=lines)]
            branch = Branch(condition=condition, steps=tuple(steps), lines=lines)
            out.insert(0, Decide(id=self._state.new_id(), lines=lines, branches=(branch,)))
            self._state.executed(out[:1])
            return
        last = out[-1] if out else None
        if given and isinstance(last, Do) and re.match(grammar_of(tag).error, given.text, re.IGNORECASE):
            out[-1] = last.model_copy(update={"on_error": tuple(steps)})
            return
        handoff = next((step for step in steps if isinstance(step, HandOff)), None)
        unasked = facts_in(condition) and not facts_in(condition) & set(self._state.asked)
        if handoff is not None and not any(isinstance(step, GoTo) for step in steps):
            before = steps[: steps.index(handoff)]
            if self._rules.trigger_wanted(condition, handoff, place.sequence):
                self._rules.trigger(condition, given.text if given else "", [handoff], before, lines, tag)
                if not facts_in(condition) or not place.sequence:
                    self._after_trigger = True
                    return
        wanted = handoff is not None and self._rules.trigger_wanted(condition, handoff, place.sequence)
        if unasked and not wanted and handoff is not None and not any(isinstance(step, GoTo) for step in steps):
            self._rules.trigger(condition, given.text if given else "", [handoff], [], lines, tag)
        self._decide(condition, steps, lines, out)

    def _decide(self, condition: Condition, steps: list[Step], lines: Lines, out: list[Step]) -> None:
        self._after_trigger = False
        branch = Branch(condition=condition, steps=tuple(steps), lines=lines)
        step = Decide(id=self._state.new_id(), lines=lines, branches=(branch,))
        out.append(step)
        self._state.executed([step])

    def _attach_otherwise(self, out: list[Step], steps: list[Step], lines: Lines) -> None:
        if self._after_trigger:
            out += steps
            return
        at = merge_for_otherwise(out)
        if at is None:
            self._state.drop(steps, lines, "there is no condition before it that it could be the other case of")
            return
        if not steps:
            return
        decide = out[at]
        if isinstance(decide, Decide) and decide.otherwise is None:
            changed = decide.model_copy(
                update={"otherwise": tuple(steps), "lines": tuple(sorted({*decide.lines, *lines}))}
            )
            out[at] = changed
            self._state.executed([changed])
        else:
            out += steps

    def _alternative(self, text: str, condition: Condition | None, tag: str, out: list[Step], lines: Lines) -> bool:
        """`if they haven't got it, the order number will do`: another fact instead."""
        if not (isinstance(condition, Not) and isinstance(condition.of, Exists)):
            return False
        grammar = grammar_of(tag)
        lacking = condition.of.fact
        at = next((i for i in range(len(out) - 1, -1, -1) if isinstance(out[i], Ask) and out[i].fact == lacking), None)  # type: ignore[union-attr]
        if at is None:
            return False
        found = re.match(grammar.alternative, text, re.IGNORECASE) if grammar.alternative else None
        act = read_act(text, tag)
        what = found["what"] if found else act.what if act.kind in ("nouns", "provide", "nouns_bare") else ""
        if not what and len(text.split()) <= 4 and act.kind == "fact":
            what = text
        if not what:
            return False
        names = ask_nouns(what, tag, self._state.book, lines)
        ask = out[at]
        assert isinstance(ask, Ask)
        out[at] = ask.model_copy(
            update={"alternatives": (*ask.alternatives, *names), "lines": tuple(sorted({*ask.lines, *lines}))}
        )
        self._state.fate(lines, "executed", ask.id)
        return bool(names)

    def _starts_procedure(
        self, given: Given, clause: Clause, sentence: Sentence, tag: str, place: Place, out: list[Step]
    ) -> bool:
        """`When somebody rings about a lost parcel we ...` at the very start says when the procedure starts."""
        if out or place.ordered or not place.sequence or self._state.start_text:
            return False
        if not re.match(grammar_of(tag).contact, given.text, re.IGNORECASE):
            return False
        self._state.start_text = given.text
        return True
