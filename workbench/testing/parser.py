"""From the text of a test file to tests. Mistakes are collected, one or more for each statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import takewhile

from rulelang.calendar import parse_duration
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.tokens import TESTS as BLOCKS
from rulelang.types.schema import SUBJECT_KINDS
from rulelang.workspace import FileState
from runtime.events import RECORD_UPDATED
from runtime.model import SubjectKey
from workbench.testing.expectations import expectation
from workbench.testing.lines import Line, Mistake, mistake, statements, unknown
from workbench.testing.meaning import Meaning, Pair
from workbench.testing.model import After, Answers, At, Fire, Given, Statement, Test, Until
from workbench.testing.properties import INVARIANTS, every, never

PROPERTY = "property"
_TIMES = {"once": 1, "twice": 2}
_OUTCOMES = ("failed", "retry", "unknown", "refused")


def parse_inside(file: FileState, meaning: Meaning) -> tuple[list[Test], list[Diagnostic]]:
    """The tests that stand in a rule file, and what is wrong with them beyond what its check says."""
    reader = _Reader(file.source, meaning)
    tokens = tokenize(file.source).tokens if file.parsed.module.tests else ()
    for span in file.parsed.module.tests:
        inside = [token for token in tokens if span.start <= token.start < span.end]
        for line in statements(file.source, inside):
            reader.read(line)
    reader.finish()
    return reader.tests, _once(reader.diagnostics, said=file.parsed.diagnostics)


def parse_tests(source: Source, meaning: Meaning) -> tuple[list[Test], list[Diagnostic]]:
    """The tests of a file of tests, and what is wrong with it. A test with a mistake is left out."""
    lexed = tokenize(source)
    reader = _Reader(source, meaning)
    for line in statements(source, lexed.tokens):
        reader.read(line)
    reader.finish()
    return reader.tests, _once([*lexed.diagnostics, *reader.diagnostics])


def _once(found: Iterable[Diagnostic], said: Iterable[Diagnostic] = ()) -> list[Diagnostic]:
    """In the order of the text, each once: a part of a statement is read twice. What is `said` already is left out."""
    known = {(d.code, d.span) for d in said}
    first: dict[tuple[str, Span, str], Diagnostic] = {}
    for each in found:
        first.setdefault((each.code, each.span, each.message), each)
    return sorted((d for d in first.values() if (d.code, d.span) not in known), key=lambda d: d.span)


@dataclass(slots=True)
class _Block:
    """A test or property that has begun."""

    word: str
    name: str
    span: Span
    statements: list[Statement] = field(default_factory=list)
    invariants: list[Statement] = field(default_factory=list)


class _Reader:
    def __init__(self, source: Source, meaning: Meaning) -> None:
        self.source = source
        self.meaning = meaning
        self.tests: list[Test] = []
        self.diagnostics: list[Diagnostic] = []
        self._above: list[Statement] = []
        self._open: _Block | None = None
        self._names: set[str] = set()

    def read(self, line: Line) -> None:
        """Read a statement; what is wrong with it is kept."""
        try:
            if line.first.text in BLOCKS:
                self._begin(line)
            elif line.first.text == "end":
                self._end(line)
            else:
                self._keep(line, _statement(line, self.meaning))
        except Mistake as error:
            self.diagnostics += error.diagnostics

    def _begin(self, line: Line) -> None:
        opened, self._open = self._open, None
        word = line.word("block", BLOCKS)
        name = line.text(f"the name of the {word} in quotes")
        self._open = _Block(word, name, line.span)
        line.end()
        if opened is not None:
            raise mistake(self.source, opened.span, f"the {opened.word} `{opened.name}` has no `end`")
        if name in self._names:
            raise mistake(self.source, line.span, f"there is a test `{name}` in this file already")
        self._names.add(name)

    def _end(self, line: Line) -> None:
        block, self._open = self._open, None
        if block is None:
            raise mistake(self.source, line.span, "no test is open here")
        line.expect("end")
        line.end()
        if block.word == PROPERTY and not block.invariants:
            help = "say what holds whatever happens, in statements that begin with `never` or `every`"
            raise mistake(self.source, block.span, f"the property `{block.name}` says nothing", help=help)
        statements = (*self._above, *block.statements)
        self.tests.append(Test(block.name, self.source, block.span, statements, tuple(block.invariants)))

    def _keep(self, line: Line, statement: Statement) -> None:
        if self._open is not None:
            self._keep_inside(line, statement, self._open)
        elif self.tests or not isinstance(statement, At | Given | Answers):
            help = "only `at`, `given` and `answers` may stand above the first `test`"
            raise mistake(self.source, line.span, "this stands in no test", help=help)
        else:
            self._above.append(statement)

    def _keep_inside(self, line: Line, statement: Statement, block: _Block) -> None:
        if isinstance(statement, INVARIANTS):
            if block.word != PROPERTY:
                help = 'put it into a `property "NAME"` … `end` of its own'
                raise mistake(self.source, line.span, "this is said of all that may happen", help=help)
            block.invariants.append(statement)
            return
        if block.word == PROPERTY and not isinstance(statement, At | Given | Answers):
            help = "what happens is left to chance; `at`, `given` and `answers` say how it begins"
            raise mistake(self.source, line.span, "this cannot stand in a property", help=help)
        if isinstance(statement, At) and any(not isinstance(s, Given | Answers) for s in block.statements):
            raise mistake(self.source, line.span, "a test begins once: `at` stands before anything happens")
        block.statements.append(statement)

    def finish(self) -> None:
        """At the end of the file no test may be open."""
        block = self._open
        if block is not None:
            text = f"the {block.word} `{block.name}` has no `end`"
            self.diagnostics += mistake(self.source, block.span, text).diagnostics


def read_statement(text: str, meaning: Meaning) -> Statement:
    """The one statement of a text, for the prompt.

    Raises:
        Mistake: it is none, or more than one.
    """
    source = Source.of("prompt", text)
    lexed = tokenize(source)
    if lexed.diagnostics:
        raise Mistake(*lexed.diagnostics)
    lines = list(statements(source, lexed.tokens))
    if len(lines) != 1:
        raise mistake(source, Span(0, len(source.text)), "one statement is meant")
    return _statement(lines[0], meaning)


def _statement(line: Line, meaning: Meaning) -> Statement:
    read = _STATEMENTS.get(line.first.text)
    if read is not None:
        line.at = 1
        return read(line, meaning)
    if len(line.tokens) > 1 and line.tokens[1].text == "answers":
        return _answers(line, meaning)
    if line.first.text == "wait":
        raise _wait(line)
    known = (*BLOCKS, "end", *_STATEMENTS)
    raise unknown(line.source, line.first.span, line.first.text, "no statement of a test", known)


def _wait(line: Line) -> Mistake:
    """A test lets time pass in other words than a rule."""
    following = line.tokens[1] if len(line.tokens) > 1 else None
    length = following.text if following is not None and following.kind == "DURATION" else ""
    label = f"did you mean `after {length}`?" if length else ""
    help = "" if length else "time passes with `after 2d`, or with `until 18:00`"
    return mistake(line.source, line.first.span, "`wait` is no statement of a test", label, help)


def _at(line: Line, meaning: Meaning) -> Statement:
    token = line.token("a date or moment such as `2026-03-02T09:00`", "DATE", "DATETIME")
    line.end()
    return At(line.span, meaning.moment(line.source, token))


def _given(line: Line, meaning: Meaning) -> Statement:
    key = line.subject()
    fields = {}
    if line.here is not None:
        line.expect("has")
        fields = meaning.fields(line, key.kind, meaning.pairs(line))
    return Given(line.span, key, fields)


def _after(line: Line, meaning: Meaning) -> Statement:
    token = line.token("a duration such as `30m`", "DURATION")
    line.end()
    return After(line.span, parse_duration(token.text))


def _until(line: Line, meaning: Meaning) -> Statement:
    token = line.token("a moment such as `2026-03-02T18:00`, or a time of day", "DATE", "DATETIME", "TIME")
    line.end()
    if token.kind == "TIME":
        return Until(line.span, None, token.text)
    return Until(line.span, meaning.moment(line.source, token))


def _never(line: Line, meaning: Meaning) -> Statement:
    return never(line, meaning)


def _every(line: Line, meaning: Meaning) -> Statement:
    return every(line, meaning)


def _expect(line: Line, meaning: Meaning) -> Statement:
    return expectation(line, meaning)


def _when(line: Line, meaning: Meaning) -> Statement:
    if any(line.peek(kind) for kind in SUBJECT_KINDS) and "gets" in (t.text for t in line.tokens):
        return _gets(line, meaning)
    start, key = line.at, _find_subject(line, meaning)
    phrase = line.tokens[start].span.to(line.tokens[line.at - 4].span)
    pairs = {pair.name: pair for pair in meaning.pairs(line)} if line.take("with") else {}
    line.end()
    data = {name: pair.value for name, pair in pairs.items()}
    line.at = start
    if line.take("event") and line.here is not None and line.here.kind == "TEXT":
        type_ = _event_type(line, meaning)
        return Fire(line.span, meaning.raw(line, type_, key, data, pairs))
    line.at = start
    if line.take("manual", "start"):
        rule = meaning.rule(line)
        return Fire(line.span, meaning.raw(line, "rule.start", key, {**data, "rule": rule}, pairs))
    return Fire(line.span, meaning.event(line, phrase, key, pairs))


def _find_subject(line: Line, meaning: Meaning) -> SubjectKey:
    """Read up to the last `for contact "c_1"`; the cursor stands behind it."""
    for at in range(len(line.tokens) - 3, line.at, -1):
        one, kind, id = line.tokens[at : at + 3]
        if one.text == "for" and kind.text in SUBJECT_KINDS and id.kind == "TEXT":
            line.at = at + 1
            return line.subject()
    _check_phrase(line, meaning)
    line.at = len(line.tokens)
    raise line.miss('`for contact "c_1"`')


def _check_phrase(line: Line, meaning: Meaning) -> None:
    """A trigger that there is not is more to the point than a record that is missing."""
    if line.at == len(line.tokens) or line.peek("event") or line.peek("manual", "start"):
        return
    words = list(takewhile(lambda token: token.text not in ("for", "with"), line.tokens[line.at :]))
    if words:
        meaning.check_phrase(line, words[0].span.to(words[-1].span))


def _event_type(line: Line, meaning: Meaning) -> str:
    token = line.here
    type_ = line.text("the type of an event")
    catalogue, schema = meaning.checked.catalogue, meaning.checked.schema
    known = {t.event for t in catalogue.triggers.values()} | set(schema.events) | {RECORD_UPDATED}
    if type_ not in known and token is not None:
        raise unknown(line.source, token.span, type_, "no event of the catalogue or schema", sorted(known))
    return type_


def _gets(line: Line, meaning: Meaning) -> Statement:
    key = line.subject()
    line.expect("gets")
    pairs: list[Pair] = meaning.pairs(line)
    fields = meaning.fields(line, key.kind, pairs)
    return Fire(line.span, meaning.raw(line, RECORD_UPDATED, key, {"fields": fields}, {}))


def _answers(line: Line, meaning: Meaning) -> Statement:
    actions = [a.name for a in meaning.checked.catalogue.actions.values() if a.performs == "effect"]
    words = dict.fromkeys([w for name in actions for w in name.split("_")] + actions)
    target = line.word("action that talks to the outside", words)
    line.expect("answers")
    status, kind, reason = 0, "", ""
    if line.here is not None and line.here.kind == "NUMBER":
        status = _status(line)
    else:
        kind = line.word("answer", _OUTCOMES)
        if line.here is not None and line.here.kind == "TEXT":
            reason = line.text("the reason")
    times = _times(line)
    line.end()
    return Answers(line.span, target, status, kind, reason, times)


def _status(line: Line) -> int:
    token = line.token("a status", "NUMBER")
    if not (token.text.isdigit() and 200 <= int(token.text) <= 599):
        raise mistake(line.source, token.span, f"`{token.text}` is no final status of HTTP", "200 to 599")
    return int(token.text)


def _times(line: Line) -> int | None:
    if line.here is None:
        return None
    if line.here.kind == "NUMBER":
        token = line.token("a number", "NUMBER")
        if not token.text.isdigit() or int(token.text) == 0:
            raise mistake(line.source, token.span, "a whole number of times is meant")
        line.expect("times")
        return int(token.text)
    return _TIMES[line.word("number of times", _TIMES)]


_STATEMENTS: dict[str, Callable[[Line, Meaning], Statement]] = {
    "at": _at,
    "given": _given,
    "when": _when,
    "after": _after,
    "until": _until,
    "expect": _expect,
    "never": _never,
    "every": _every,
}
