"""The history of rules and files: what was accepted, when, by whom, and how to get it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from rulelang.calendar import instant_text
from rulelang.plan.difference import Change, differences, text_difference
from rulelang.plan.model import Plan
from rulelang.workspace import CheckedWorkspace
from runtime.files import TEMPLATES, Files
from runtime.model import Millis
from runtime.proposal import read_versions
from runtime.store.protocol import Batch, ReadStore, Transaction, Version

RULE, FILE = "rule", "file"
BY_FILES = "the files"
"""Who changes rules when somebody edits the workspace's files: nobody knows more."""


class Author(msgspec.Struct, frozen=True):
    """Who brings a change, and how: `api`, `page`, `deploy`, `restore`, `files`, `pause`, `resume`."""

    by: str
    how: str


def recorder(
    files: Files, plans: Sequence[Plan], author: Author, now: Millis, mark: bool = False
) -> Callable[[Transaction], None]:
    """What writes all that differs from the newest versions into a transaction.

    With `mark` the files are noted as not yet on disk, see `unwritten`.
    """

    def record(tx: Transaction) -> None:
        fresh = list(new_versions(tx.latest_versions(), files, plans, author, now))
        counters = {UNWRITTEN: now} if mark else {}
        if fresh or counters:
            tx.write(Batch(versions=fresh, counters=counters))

    return record


def new_versions(
    latest: Sequence[Version], files: Files, plans: Sequence[Plan], author: Author, now: Millis
) -> Iterator[Version]:
    """A version for each rule and file that is another than its newest version, and for each that is gone."""
    known = {(version.kind, version.name): version for version in latest}
    texts = {(FILE, name): text for name, text in all_texts(files).items()}
    rules = {(RULE, plan.key): plan for plan in plans}
    for key in dict.fromkeys([*texts, *rules, *known]):
        before = known.get(key)
        number = before.number + 1 if before is not None else 1
        fresh = _version(*key, number, now, author, texts.get(key), rules.get(key))
        if _content(fresh) != _content(before):
            yield fresh


def all_texts(files: Files) -> dict[str, str]:
    """The texts of rule files and templates by name; names of templates begin with their folder."""
    return {**files.rules, **{f"{TEMPLATES}/{name}": text for name, text in files.templates.items()}}


def _version(
    kind: str, name: str, number: int, now: Millis, author: Author, text: str | None, plan: Plan | None
) -> Version:
    if plan is None:
        return Version(kind, name, number, now, author.by, author.how, text)
    return Version(
        kind, name, number, now, author.by, author.how, plan.text, plan.file, plan.hash, plan.state
    )


def _content(version: Version | None) -> tuple[Any, ...]:
    if version is None or version.text is None:
        return (None,)
    return version.text, version.file, version.plan, version.state


def pause_recorder(rule: str, paused: bool, by: str, now: Millis) -> Callable[[Transaction], None]:
    """What notes in a rule's history that somebody paused or resumed it."""

    def record(tx: Transaction) -> None:
        known = (v for v in tx.latest_versions() if (v.kind, v.name) == (RULE, rule))
        for version in known:
            how = "pause" if paused else "resume"
            fresh = msgspec.structs.replace(version, number=version.number + 1, at=now, by=by, how=how)
            tx.write(Batch(versions=[fresh]))

    return record


# --- files that are not on disk yet -----------------------------------------------------------------------

UNWRITTEN = "files.unwritten"
"""Counter: when files were accepted that may not be on disk yet; 0 when all are."""


def unwritten(tx: Transaction) -> Mapping[str, str | None]:
    """Texts that were accepted and that a crash may have kept from the disk, by name; None for files that go."""
    at = tx.counters().get(UNWRITTEN, 0)
    if not at:
        return {}
    newest = [version for version in tx.latest_versions() if version.kind == FILE and version.at == at]
    return {version.name: version.text for version in newest}


def written(tx: Transaction) -> None:
    """All accepted files are on disk."""
    tx.write(Batch(counters={UNWRITTEN: 0}))


# --- looking and getting back -------------------------------------------------------------------------------


async def find_version(reader: ReadStore, kind: str, name: str, number: int) -> Version | None:
    """One version of a rule or file."""
    cursor = ""
    while True:
        page, cursor = await reader.versions(kind, name, 500, cursor)
        found = next((version for version in page if version.number == number), None)
        if found is not None or not cursor:
            return found


class Difference(msgspec.Struct, frozen=True):
    """Two versions of a rule or file side by side. `changes` is empty for files, and where a version was removed."""

    before: Version
    after: Version
    changes: tuple[Change, ...]
    diff: str


async def compare(
    reader: ReadStore, kind: str, name: str, before: int | None, after: int | None
) -> Difference | None:
    """Two versions compared; None when there is no such version.

    Without `after` it is the newest, without `before` the one in front of the other.
    """
    newest, _ = await reader.versions(kind, name, 1)
    if not newest:
        return None
    number = newest[0].number if after is None else after
    new = await find_version(reader, kind, name, number)
    old = await find_version(reader, kind, name, max(number - 1, 1) if before is None else before)
    if old is None or new is None:
        return None
    plans = await read_versions(reader, {old.plan, new.plan} - {""})
    changes: tuple[Change, ...] = ()
    if old.plan in plans and new.plan in plans:
        parts = (
            msgspec.structs.replace(plans[v.plan], text=v.text or "", state=v.state, spans={})
            if v.text != plans[v.plan].text
            else msgspec.structs.replace(plans[v.plan], state=v.state)
            for v in (old, new)
        )
        changes = differences(*parts)
    labels = (f"version {version.number}" for version in (old, new))
    return Difference(old, new, changes, text_difference(old.text or "", new.text or "", *labels))


def difference_json(found: Difference) -> dict[str, Any]:
    """The public form of a comparison."""
    return {
        "before": version_json(found.before),
        "after": version_json(found.after),
        "changes": msgspec.to_builtins(found.changes),
        "diff": found.diff,
    }


def restored(checked: CheckedWorkspace, version: Version) -> tuple[str, str]:
    """The file that a rule's old version belongs into, and the text of that file with it."""
    assert version.text is not None
    state = checked.keys.get(version.name)
    if state is not None:
        file = next(path for path, f in checked.files.items() if any(rule is state for rule in f.rules))
        text = checked.files[file].source.text
        span = state.node.span
        return file, f"{text[: span.start]}{version.text}{text[span.end :]}"
    known = checked.files.get(version.file)
    text = known.source.text if known is not None else ""
    gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return version.file, f"{text}{gap}{version.text}\n"


def version_json(version: Version, text: bool = False) -> dict[str, Any]:
    """The public form of a version; with `text` also what it says."""
    found: dict[str, Any] = {
        "version": version.number,
        "at": instant_text(version.at),
        "by": version.by,
        "how": version.how,
        "removed": version.text is None,
    }
    if version.kind == RULE:
        found = {"rule": version.name, **found}
        if version.text is not None:
            found |= {"file": version.file, "plan": version.plan, "state": version.state}
    else:
        found = {"file": version.name, **found}
    return {**found, "text": version.text} if text else found
