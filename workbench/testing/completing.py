"""What could be typed at a place of a test: words of statements, and names, phrases and conditions as in rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from rulelang.editor.completion import complete
from rulelang.editor.model import Completion, CompletionKind
from rulelang.source import Source, Span
from rulelang.types.schema import SUBJECT_KINDS
from rulelang.workspace import CheckedWorkspace
from workbench.testing.expectations import MESSAGES, STATES, TASK

_STATEMENTS = {
    "test": ('test "${1:name}"\n  ${0}\nend', "a test"),
    "property": (
        'property "${1:name}"\n  never mails a contact with ${0:dnc}\nend',
        "what holds whatever happens",
    ),
    "at": ("at ${1:2026-03-02T09:00}", "when the test begins"),
    "given": ('given contact "${1:c_1}" has ${0}', "a record that is there already"),
    "when": ("when ${0}", "an event happens"),
    "after": ("after ${1:30m}", "time passes"),
    "until": ("until ${1:18:00}", "time passes until then"),
    "expect": ("expect ${0}", "what must be so now"),
    "end": ("end", "the end of the test"),
}
_MESSAGE_PARTS = {
    "to": ('to "${1}"', "the address"),
    "subject": ('subject contains "${1}"', "the subject"),
    "text": ('text contains "${1}"', "what it says"),
    "by": ("by ", "the rule that sent it"),
    "for": ('for contact "${1:c_1}"', "the record that it is about"),
}
_TASK_PARTS = {
    "to": ('to "${1}"', "the person or team"),
    "title": ('title contains "${1}"', "what is to be done"),
    "text": ('text contains "${1}"', "the description"),
    "by": ("by ", "the rule that created it"),
    "for": _MESSAGE_PARTS["for"],
}
_HEADS = {
    **{kind: (f'{kind} "${{1:c_1}}" has ${{0}}', "a condition on a record") for kind in SUBJECT_KINDS},
    **{message: (f"{message} ", "a message that went out") for message in MESSAGES},
    TASK: (f"{TASK} ", "a task that was given to somebody"),
    "action": ("action ", "an action that was carried out"),
    "run": ("run ", "how the newest run of a rule stands"),
    "nothing sent": ("nothing sent", "nothing went out since the test began"),
    "nothing else sent": ("nothing else sent", "all that went out was expected"),
    "no": ("no ", "the contrary"),
}
_CONDITION_WORDS = frozenset(
    (
        "and",
        "or",
        "not",
        "in",
        "contains",
        "between",
        "is",
        "starts",
        "ends",
        "matches",
        "true",
        "false",
        "null",
    )
)
_SUBJECT = rf'(?P<kind>{"|".join(SUBJECT_KINDS)})\s+"[^"]*"'
_MESSAGES = "|".join((*MESSAGES, TASK))
_LAST = re.compile(r"(\w*)\Z", re.ASCII)
_REST = re.compile(r"\w*", re.ASCII)


def complete_tests(workspace: CheckedWorkspace, source: Source, offset: int) -> tuple[Completion, ...]:
    """Suggestions for a place in a file of tests, or in a test of a rule file: each label once."""
    start = source.text.rfind("\n", 0, offset) + 1
    line = source.text[start:offset].lstrip()
    if "#" in re.sub(r'"[^"]*"?', "", line):
        return ()
    found: dict[str, Completion] = {}
    for each in _Completer(workspace, source, offset, line).all():
        found.setdefault(each.label, each)
    return tuple(sorted(found.values(), key=lambda c: c.rank))


class _Completer:
    def __init__(self, workspace: CheckedWorkspace, source: Source, offset: int, line: str) -> None:
        self._workspace = workspace
        self._source = source
        self._offset = offset
        self._line = line

    def all(self) -> Iterator[Completion]:
        """All suggestions, by the first form of statement that the line has."""
        for form, suggest in _FORMS:
            if match := form.fullmatch(self._line):
                yield from suggest(self, match)
                return

    # --- forms ---

    def statements(self, match: re.Match[str]) -> Iterator[Completion]:
        """A statement begins."""
        yield from self._snippets(_STATEMENTS)

    def kinds(self, match: re.Match[str]) -> Iterator[Completion]:
        """Behind `given`."""
        yield from self._snippets({kind: _HEADS[kind] for kind in SUBJECT_KINDS})

    def heads(self, match: re.Match[str]) -> Iterator[Completion]:
        """Behind `expect`, or `expect no`."""
        no = (*MESSAGES, TASK, "action", "run")
        yield from self._snippets({h: s for h, s in _HEADS.items() if not match["no"] or h in no})

    def verb(self, match: re.Match[str]) -> Iterator[Completion]:
        """Behind a record."""
        verbs = {"given": ("has",), "when": ("gets",), "expect": ("has", "missing")}[match["word"]]
        yield from self._words(verbs)

    def pairs(self, match: re.Match[str]) -> Iterator[Completion]:
        """`FIELD = VALUE, …` of a record."""
        last = re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*\Z)', match["pairs"])[-1].lstrip()
        head = f'rule "x" for {match["kind"]}\n  on manual start\ndo\n  set '
        kinds = (CompletionKind.VALUE,) if "=" in last else (CompletionKind.FIELD,)
        yield from (c for c in self._as_in_rules(head, last) if c.kind in kinds)
        if "=" not in last:
            yield from self._words(("stage",), CompletionKind.FIELD)

    def condition(self, match: re.Match[str]) -> Iterator[Completion]:
        """A condition on a record."""
        head = f'rule "x" for {match["kind"]}\n  on manual start\n  when '
        for each in self._as_in_rules(head, match["condition"]):
            words = set(each.label.split())
            if each.kind is not CompletionKind.KEYWORD or words <= _CONDITION_WORDS:
                yield each

    def message(self, match: re.Match[str]) -> Iterator[Completion]:
        """The parts of a message."""
        before = match["parts"].split()
        if self._quoted() or (before and before[-1] == "by"):
            if re.search(r'\bby\s+"?[^"]*\Z', self._line):
                yield from self._rules()
        elif before and before[-1] in ("subject", "title", "text"):
            yield from self._words(("contains", "is"))
        elif before and before[-1] == "for":
            yield from self._snippets({kind: (f'{kind} "${{1:{kind[0]}_1}}"', "") for kind in SUBJECT_KINDS})
        else:
            yield from self._snippets(_TASK_PARTS if match["message"] == TASK else _MESSAGE_PARTS)

    def actions(self, match: re.Match[str]) -> Iterator[Completion]:
        """Names of actions."""
        for action in self._workspace.catalogue.actions.values():
            yield self._of(action.name, CompletionKind.FUNCTION, detail=action.summary)

    def by(self, match: re.Match[str]) -> Iterator[Completion]:
        """Behind the name of an action, or `nothing sent`."""
        yield from self._words(("by",))
        yield from self._snippets({"for": _MESSAGE_PARTS["for"]})

    def runs(self, match: re.Match[str]) -> Iterator[Completion]:
        """Names of rules."""
        yield from self._rules()

    def states(self, match: re.Match[str]) -> Iterator[Completion]:
        """Behind the rule of a run."""
        yield from self._words(STATES, CompletionKind.VALUE)

    def answers(self, match: re.Match[str]) -> Iterator[Completion]:
        """How the outside answers."""
        yield from self._snippets(
            {
                "503 twice": ("${1:503} twice", "a status of HTTP"),
                "failed": ('failed "${1:550 no such mailbox}"', "it refuses for good"),
                "retry": ("retry ${1:once}", "it asks to be tried again"),
                "refused": ('refused "${1:not now}"', "a person does not let it out"),
                "unknown": ("unknown ${1:once}", "nobody knows whether it came"),
            }
        )

    def event(self, match: re.Match[str]) -> Iterator[Completion]:
        """A trigger's phrase, or a record that gets other fields."""
        phrase = match["phrase"]
        if not phrase.split(" ", 1)[1:]:
            yield from self._snippets(
                {
                    **{k: (f'{k} "${{1:c_1}}" gets ${{0}}', "fields change") for k in SUBJECT_KINDS},
                    "manual start": ('manual start "${1:rule}" for contact "${2:c_1}"', "a rule is started"),
                    "event": ('event "${1:type}" for contact "${2:c_1}"', "an event by its type"),
                }
            )
        elif not self._quoted():
            yield from self._snippets({"for contact": ('for contact "${1:c_1}"', "for whom")})
        head = 'rule "x" for contact\n  on '
        yield from (c for c in self._as_in_rules(head, phrase) if c.kind is not CompletionKind.KEYWORD)

    # --- parts ---

    def _as_in_rules(self, head: str, typed: str) -> Iterator[Completion]:
        """What the language suggests behind `head` and what is typed, at its place in the test."""
        text = head + typed
        shift = self._offset - len(text)
        tail = self._source.text[self._offset :].partition("\n")[0]
        for each in complete(self._workspace, Source("~test.rules", text + tail), len(text)):
            if each.kind is not CompletionKind.SNIPPET:
                span = Span(each.replace.start + shift, each.replace.end + shift)
                yield replace(each, replace=span)

    def _rules(self) -> Iterator[Completion]:
        at = self._line.rfind('"') if self._quoted() else len(self._line) - len(self._typed())
        start = self._offset - (len(self._line) - at)
        closing = self._quoted() and self._source.text[self._offset : self._offset + 1] == '"'
        for key, rule in self._workspace.keys.items():
            if rule.node.name is not None:
                span = Span(start, self._offset + closing)
                yield Completion(key, CompletionKind.REFERENCE, f'"{key}"', span, "rule")

    def _quoted(self) -> bool:
        return self._line.count('"') % 2 == 1

    def _typed(self) -> str:
        found = _LAST.search(self._line)
        return found[1] if found else ""

    def _words(
        self, words: Iterable[str], kind: CompletionKind = CompletionKind.KEYWORD
    ) -> Iterator[Completion]:
        yield from (self._of(word, kind) for word in words)

    def _snippets(self, texts: dict[str, tuple[str, str]]) -> Iterator[Completion]:
        for label, (insert, doc) in texts.items():
            kind = CompletionKind.SNIPPET if "${" in insert else CompletionKind.KEYWORD
            yield self._of(label, kind, insert, doc)

    def _of(self, label: str, kind: CompletionKind, insert: str = "", detail: str = "") -> Completion:
        rest = _REST.match(self._source.text, self._offset)
        span = Span(self._offset - len(self._typed()), rest.end() if rest else self._offset)
        return Completion(label, kind, insert or label, span, detail, snippet="${" in insert)


_Suggest = Callable[[_Completer, re.Match[str]], Iterator[Completion]]
_FORMS: tuple[tuple[re.Pattern[str], _Suggest], ...] = tuple(
    (re.compile(form, re.ASCII), suggest)
    for form, suggest in (
        (r"\w*", _Completer.statements),
        (r"given\s+\w*", _Completer.kinds),
        (rf"(?P<word>given|when|expect)\s+{_SUBJECT}\s+\w*", _Completer.verb),
        (rf"(given|when)\s+{_SUBJECT}\s+(has|gets)\s+(?P<pairs>.*)", _Completer.pairs),
        (rf"expect\s+{_SUBJECT}\s+has\s+(?P<condition>.*)", _Completer.condition),
        (r"expect\s+(?P<no>no\s+)?\w*", _Completer.heads),
        (rf"expect\s+(no\s+)?(?P<message>{_MESSAGES})\s+(?P<parts>.*?)\w*", _Completer.message),
        (r"expect\s+(no\s+)?action\s+\w*", _Completer.actions),
        (r"expect\s+(no\s+)?action\s+\w+\s+\w*", _Completer.by),
        (r'expect\s+(no\s+)?action\s+\w+\s+by\s+(\w*|"[^"]*)', _Completer.runs),
        (r"expect\s+nothing\s+(else\s+)?sent\s+\w*", _Completer.by),
        (r'expect\s+nothing\s+(else\s+)?sent\s+by\s+(\w*|"[^"]*)', _Completer.runs),
        (r'expect\s+(no\s+)?run\s+(\w*|"[^"]*)', _Completer.runs),
        (r'expect\s+run\s+"[^"]*"\s+\w*', _Completer.states),
        (r"\w+\s+answers\s+\w*", _Completer.answers),
        (r"when\s+(?P<phrase>.*)", _Completer.event),
    )
)
"""The forms of statements as far as they are typed, and what goes on with each."""
