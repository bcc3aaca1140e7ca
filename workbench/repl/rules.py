"""Rules at the prompt: put in force as typed or edited, in the place of the rule of the same name."""

from __future__ import annotations

from collections.abc import Callable

import click

from rulelang.diagnostics.render import render_text
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.syntax.parser import parse
from workbench.repl.deeds import Put
from workbench.repl.session import TYPED, Lines, Session
from workbench.repl.trouble import Trouble

_NEW = 'rule "{}" for contact\n  on contact created\ndo\n  add tag "new"\nend\n'


def put(session: Session, text: str, color: bool) -> Lines:
    """Put rules or declarations in force; a rule takes the place of the one of its name, for this session."""
    name = _name(text)
    deed = _placed(session, name, text.strip() + "\n")
    before = set(session.checked.diagnostics)
    found = [
        d
        for d in session.taking(deed).diagnostics
        if d not in before and (d.source.path in deed.files or d.is_error)
    ]
    if any(d.is_error for d in found):
        raise Trouble(render_text(found, color=color).rstrip())
    if found:
        yield render_text(found, color=color).rstrip()
    session.do(deed)
    yield f"`{name}` is in force" if name else "that is in force"


def edit(session: Session, text: str, color: bool, editor: Callable[[str], str | None]) -> Lines:
    """Let `editor` change a rule, the last one typed or a new one, and put in force what comes back."""
    name = text.strip().strip('"')
    before = _text(session, name) if name else _last(session)
    after = editor(before)
    if after is None or not after.strip() or after == before:
        return iter(("nothing was changed",))
    return put(session, after, color)


def in_editor(text: str) -> str | None:
    """A text as it comes back from the editor of the environment (VISUAL or EDITOR).

    Raises:
        Trouble: there is no editor.
    """
    try:
        return click.edit(text, extension=".rules", require_save=False)
    except click.ClickException as error:
        raise Trouble(f"{error.message}; EDITOR names one") from None


def changed_files(session: Session) -> list[str]:
    """The files of the workspace whose rules were changed in this session."""
    before = session.base.sources
    return [p for p, source in session.checked.sources.items() if p != TYPED and source != before.get(p)]


def _placed(session: Session, name: str, text: str) -> Put:
    """The file with the text in it: in the place of the rule `name`, else behind what was typed before."""
    for path, file in session.checked.files.items():
        for rule in file.rules:
            if name and rule.key == name:
                old, span = file.source.text, rule.node.span
                kept = old[span.start : span.end]
                ending = kept[len(kept.rstrip()) :]
                return Put({path: old[: span.start] + text.rstrip() + ending + old[span.end :]})
    typed = session.checked.sources.get(TYPED)
    before = typed.text if typed is not None else ""
    return Put({TYPED: before if text in before else before + text})


def _name(text: str) -> str:
    """The name of the only rule in a text, or ""."""
    items = parse(Source(TYPED, text)).module.items
    first = items[0] if len(items) == 1 else None
    return first.name.value if isinstance(first, nodes.Rule) and first.name is not None else ""


def _text(session: Session, name: str) -> str:
    """The text of a rule, or a new one to start from when there is none of this name."""
    for file in session.checked.files.values():
        for rule in file.rules:
            if rule.key == name:
                return file.source.slice(rule.node.span).rstrip() + "\n"
    return _NEW.format(name)


def _last(session: Session) -> str:
    file = session.checked.files.get(TYPED)
    if file is None or not file.rules:
        return _NEW.format("New rule")
    return file.source.slice(file.rules[-1].node.span).rstrip() + "\n"
