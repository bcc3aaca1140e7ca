"""`save as test`: a session as a test file, tried before it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rulelang.source import Source
from rulelang.syntax.literals import quoted
from rulelang.types.model import Kind, Type
from rulelang.types.schema import Schema
from rulelang.workspace import CheckedWorkspace
from runtime.files import TESTS_SUFFIX
from runtime.model import JSON, EntryKind, SubjectKey, SubjectState
from stdlib_actions.library import offline_library
from workbench.repl.deeds import Said
from workbench.repl.rules import changed_files
from workbench.repl.session import TYPED, Lines, Session
from workbench.repl.trouble import Trouble, sentence
from workbench.testing.expectations import MESSAGES, TASK
from workbench.testing.judging import WORDS, state_of
from workbench.testing.meaning import Meaning
from workbench.testing.model import Given, Test
from workbench.testing.parser import parse_tests
from workbench.testing.runner import Runner, tested
from workbench.testing.script import fits
from workbench.testing.stage import Message, Stage, addresses
from workbench.testing.writing import Unwritable, block, given, literal, moment, name, record


def save(session: Session, text: str) -> Lines:
    """Write the session as a test; rules that were typed go into a rule file beside it.

    Raises:
        Trouble: it cannot be written, or there is nothing to write.
    """
    test, rules = _paths(session, text)
    changed = changed_files(session)
    if changed:
        raise Trouble(f"{', '.join(changed)} differs from what is on disk; change it there, or `undo`")
    checked = session.base
    typed = session.checked.sources.get(TYPED)
    if typed is not None:
        checked = checked.with_file(_relative(session, rules), typed.text)
    written = _written(session, checked, test)
    _keep({test: written} | ({rules: typed.text} if typed is not None else {}))
    yield f"wrote {test}" + (f" and {rules}" if typed is not None else "")


def _paths(session: Session, text: str) -> tuple[Path, Path]:
    *words, file = text.split()
    if words != ["as", "test"]:
        raise Trouble("`save` takes `as test FILE`")
    test = session.root / file
    if not file.endswith(TESTS_SUFFIX):
        raise Trouble(f"the name of a test file ends in `{TESTS_SUFFIX}`")
    rules = test.with_name(test.name.removesuffix(TESTS_SUFFIX) + ".rules")
    for path in (test, *([rules] if TYPED in session.checked.sources else ())):
        if path.exists():
            raise Trouble(f"{path} exists already; name another file")
    return test, rules


def _relative(session: Session, path: Path) -> str:
    try:
        return path.resolve().relative_to(session.root.resolve()).as_posix()
    except ValueError:
        raise Trouble(f"{path} is outside of the workspace {session.root.resolve()}") from None


def _keep(files: dict[Path, str]) -> None:
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise Trouble(f"{error.filename} cannot be written: {error.strerror}") from None


# --- the text --------------------------------------------------------------------------------------


def _written(session: Session, checked: CheckedWorkspace, path: Path) -> str:
    """The text of the test file, with all that holds at the end of the test expected."""
    title = path.name.removesuffix(TESTS_SUFFIX).replace("-", " ").replace("_", " ")
    try:
        done = [f"at {moment(session.start)}", *_done(session)]
    except Unwritable as error:
        raise Trouble(str(error)) from None
    runner, meaning = _runner(session, checked)
    stage = runner.played(_test(path.name, title, done, meaning))
    text = _text(title, [*done, *_expected(stage, checked.schema)])
    failed = runner.run(_parsed(path.name, text, meaning)).failure
    if failed is not None:
        raise Trouble(f"the test would not pass: {sentence(failed)}")
    return text


def _done(session: Session) -> Iterator[str]:
    for deed in session.deeds:
        if isinstance(deed, Said):
            yield deed.text or _given(deed, session.base.schema)


def _given(deed: Said, schema: Schema) -> str:
    assert isinstance(deed.statement, Given)
    return given(deed.statement.key, deed.statement.fields, schema)


def _runner(session: Session, checked: CheckedWorkspace) -> tuple[Runner, Meaning]:
    meaning = Meaning(checked)
    library = offline_library(lambda: checked.schema, session.settings, session.root, checked.catalogue)
    return Runner(library, meaning, tested(checked.plans)), meaning


def _test(file: str, title: str, lines: list[str], meaning: Meaning) -> Test:
    return _parsed(file, _text(title, lines), meaning)


def _parsed(file: str, text: str, meaning: Meaning) -> Test:
    tests, mistakes = parse_tests(Source.of(file, text), meaning)
    if mistakes:
        raise Trouble(f"this session cannot be written as a test: {sentence(mistakes[0])}")
    return tests[0]


def _text(title: str, lines: list[str]) -> str:
    return "\n".join(block("test", title, lines)) + "\n"


# --- what is expected ------------------------------------------------------------------------------


def _expected(stage: Stage, schema: Schema) -> Iterator[str]:
    messages = list(stage.messages())
    told = [line for message in messages if (line := _message(message))]
    yield from told
    yield from (_task(task) for task in stage.tasks() if task.rule)
    yield from _runs(stage)
    yield from _records(stage, schema)
    if len(told) == len(messages):
        yield "expect nothing else sent" if told else "expect nothing sent"


def _message(message: Message) -> str:
    """The expectation of a message; "" for one of an action that tests have no word for."""
    kind = next((kind for kind in MESSAGES if fits(WORDS.get(kind, kind), message.action)), "")
    to = next(iter(addresses(message)), "")
    if not kind:
        return ""
    line = f"expect {kind}" + (f" to {quoted(to)}" if to else "")
    if kind == "email" and message.subject:
        line += f" subject is {quoted(message.subject)}"
    return f"{line} by {quoted(message.rule)}"


def _task(task: Message) -> str:
    to = f" to {quoted(task.to[0])}" if task.to else ""
    return (
        f"expect {TASK}{to} title is {quoted(task.subject)} by {quoted(task.rule)} for {record(task.about)}"
    )


def _runs(stage: Stage) -> Iterator[str]:
    begun = dict.fromkeys(
        (entry.rule, key)
        for key, entry in stage.entries()
        if entry.kind == EntryKind.ENROLLED and not entry.step
    )
    for rule, key in begun:
        run = stage.newest_run(rule, key)
        if run is not None:
            yield f"expect run {quoted(rule)} {state_of(run.status)} for {record(key)}"


def _records(stage: Stage, schema: Schema) -> Iterator[str]:
    """The fields that rules and events have changed, as they are at the end."""
    changed: dict[SubjectKey, dict[str, None]] = {}
    for key, entry in stage.entries():
        changed.setdefault(key, {}).update(dict.fromkeys(entry.changes))
    for key, fields in changed.items():
        state = stage.simulation.subject(key)
        conditions = [
            condition
            for field in fields
            if state is not None and (condition := _condition(key.kind, field, _value(state, field), schema))
        ]
        if conditions:
            yield f"expect {record(key)} has {' and '.join(conditions)}"


def _value(state: SubjectState, field: str) -> JSON:
    root, _, key = field.partition(".")
    value = state.fields.get(root)
    return value.get(key) if key and isinstance(value, dict) else value


def _condition(kind: str, field: str, value: JSON, schema: Schema) -> str:
    """The condition that a field is as it is now; "" for fields of the system and values without words."""
    if field.startswith("stages."):
        return f"{field} = {quoted(value)}" if isinstance(value, str) else ""
    known = schema.fields[kind].get(field)
    if known is None or known.read_only:
        return ""
    if value in (None, []):
        return f"{name(field)} is empty" if value == [] else f"{name(field)} is not set"
    if isinstance(value, list):
        found = [literal(v, known.type.item) for v in value if isinstance(v, str)]
        return " and ".join(f"{name(field)} contains {v}" for v in found)
    shown = _literal(value, known.type)
    return f"{name(field)} = {shown}" if shown else ""


def _literal(value: JSON, type_: Type) -> str:
    """A value as a condition spells it; "" when it cannot."""
    match type_.kind:
        case Kind.MONEY:
            return f"{literal(value)}{type_.currency}" if type_.currency else ""
        case Kind.PERCENT:
            return f"{literal(value)}%"
        case Kind.DURATION | Kind.RECORD | Kind.ANY:
            return ""
    return literal(value, type_)
