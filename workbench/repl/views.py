"""What there is to see at the prompt: records, runs, messages, the journal, rules, values of expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rulelang.check.context import Context
from rulelang.check.expressions import typed
from rulelang.check.scope import Scope as NameScope
from rulelang.diagnostics.render import render_text
from rulelang.plan.builder import lower
from rulelang.plan.interpret import evaluate, first_false
from rulelang.plan.scope import Directory, Scope
from rulelang.plan.wording import show
from rulelang.source import Source
from rulelang.syntax.parser import parse_expression
from rulelang.types.schema import SUBJECT_KINDS
from runtime.asking import ask, foresee, verdict_lines
from runtime.coming import coming_lines
from runtime.model import JSON, SubjectKey
from runtime.simulate import run_now
from runtime.timeline import local_text, timeline_text
from workbench.messages import messages_text
from workbench.repl.session import MANY, Lines, Session
from workbench.repl.trouble import Trouble


def show_record(session: Session, kind: str) -> Lines:
    """The fields of the record that is looked at, or the ids of another kind."""
    state = session.state()
    if state is None or state.key.kind != kind:
        yield ", ".join(state.key.id for state in session.records(kind)) or f"there is no {kind}"
        return
    yield from record_lines(state.key, state.fields)


def record_lines(key: SubjectKey, fields: Mapping[str, JSON]) -> Lines:
    """A record with those of its fields that hold something."""
    yield f"{key.kind} {key.id}"
    for name, value in fields.items():
        if value is not None and value != []:
            pairs = value.items() if isinstance(value, dict) else ()
            shown = ", ".join(f"{k}: {v}" for k, v in pairs) if pairs else show(value)
            yield f"  {name}: {shown}"


def show_runs(session: Session) -> Lines:
    """All runs with where they stand."""
    runs, _ = run_now(session.simulation.store.list_runs(MANY))
    for run in sorted(runs, key=lambda r: (r.started_at, r.id)):
        due = f"  until {local_text(run.due, session.zone)}" if run.due is not None else ""
        reason = f"  ({run.reason})" if run.reason else ""
        who = f"{run.subject.kind} {run.subject.id}"
        yield f"{run.id}  {who}  `{run.rule}`  {run.status} at {run.position}{due}{reason}"
    if not runs:
        yield "no rule has started"


def show_outbox(session: Session) -> Lines:
    """All messages so far."""
    rows = session.simulation.outbox()
    yield from messages_text(rows) if rows else ["nothing was sent"]


def show_journal(session: Session) -> Lines:
    """Everything that has happened."""
    timeline = session.timeline()
    yield from timeline_text(timeline, session.zone) if timeline else ["nothing has happened"]


def show_rules(session: Session) -> Lines:
    """The rules that are in force."""
    for plan in session.checked.plans:
        yield f"`{plan.key}` for {plan.subject}, {plan.state}"
    if not session.checked.plans:
        yield "there are no rules; type one"


def why(session: Session, text: str) -> Lines:
    """Why a rule started for the record that is looked at, or why not."""
    plan, key = session.plan(text), session.key()
    found = run_now(ask(session.simulation.store.reader(), plan, session.checked.schema, key))
    for verdict in found or ():
        yield from verdict_lines(verdict, session.zone)
    ahead = run_now(
        foresee(
            session.simulation.store.reader(), plan, session.checked.schema, key, session.simulation.now, 1
        )
    )
    yield from coming_lines(ahead or ())
    if not found and not ahead:
        listens = ", ".join(dict.fromkeys(t.event for t in plan.triggers))
        yield f"`{plan.key}` listens to {listens}; no such event has come for {key.kind} {key.id}"


def value(session: Session, text: str) -> Lines:
    """The value and the type of an expression about the record that is looked at."""
    source = Source("prompt", text)
    node, diagnostics = parse_expression(source)
    if node is None or any(d.is_error for d in diagnostics):
        raise Trouble(render_text(diagnostics, color=False).rstrip() or "this is no expression; see `help`")
    kind, checked = session.subject.kind if session.subject is not None else "contact", session.checked
    context = Context(source, NameScope(checked.schema, kind, events_known=False), checked.catalogue)
    found = typed(context, node)
    errors = [d for d in context.found if d.is_error]
    if errors:
        raise Trouble(render_text(errors, color=False).rstrip())
    ir, scope = lower(found), _scope(session)
    result = evaluate(ir, scope)
    yield f"{show(result)}  ({found.type})"
    if result is False and (reason := first_false(ir, scope)):
        yield f"  {reason}"


def _scope(session: Session) -> Scope:
    state = session.state()
    if state is not None:
        return session.stage.scope(state)
    records: dict[str, Mapping[str, object]] = {kind: {} for kind in SUBJECT_KINDS}
    people = Directory.of(session.checked.schema)
    return Scope({**records, "event": {}}, session.simulation.now, session.zone, people, "contact")


SHOWS: Mapping[str, Callable[[Session], Lines]] = {
    "runs": show_runs,
    "outbox": show_outbox,
    "journal": show_journal,
    "rules": show_rules,
    **{kind: lambda session, kind=kind: show_record(session, kind) for kind in SUBJECT_KINDS},  # type: ignore[misc]
}
"""What `show` can show."""
