"""A live server as the prompt sees it: read only. Its records, runs and reasons are told; events happen here again."""

from __future__ import annotations

from typing import Any

from rulelang.calendar import parse_instant
from rulelang.source import Span
from rulelang.types.schema import SUBJECT_KINDS
from runtime.files import Files
from runtime.model import SubjectKey
from workbench.remote import Remote
from workbench.repl.deeds import Said
from workbench.repl.session import Lines, Session
from workbench.repl.trouble import Trouble
from workbench.repl.views import record_lines
from workbench.testing.model import Fire, Until
from workbench.testing.writing import Unwritable, fired, moment

PLURALS = {"contact": "contacts", "account": "accounts", "opportunity": "opportunities"}
_PAGE = 100


class Live:
    """What there is to ask of a server about the record that is looked at."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    # --- records and rules ---

    def files(self) -> Files:
        """The rule files and templates in force there."""
        found = Files({}, {})
        for file in self._remote.get("/v1/editor/files")["files"]:
            into = {"rules": found.rules, "schema": found.rules, "template": found.templates}.get(
                file["kind"]
            )
            if into is not None and file["in_force"]:
                path = file["path"]
                into[path] = self._remote.get(f"/v1/editor/files/{path}")["text"]
        return found

    def contacts(self, session: Session) -> None:
        """Put the first page of contacts in place."""
        for raw in self._remote.get("/v1/contacts", limit=_PAGE)["items"]:
            _add(session, raw)

    def fetch(self, session: Session, text: str) -> None:
        """Put a record of the server in place, unless it is there already or there is none."""
        *kinds, id = text.split()
        kind = kinds[0] if kinds else "contact"
        if kind in SUBJECT_KINDS and session.simulation.subject(SubjectKey(kind, id)) is None:
            raw = self._remote.find(f"/v1/{PLURALS[kind]}/{id}")
            if raw is not None:
                _add(session, raw)

    # --- what happened there ---

    def tell(self, session: Session, text: str) -> Lines:
        """`contact`, `runs` or `why "rule"` as the server has them now."""
        word, _, rest = text.partition(" ")
        key = session.key()
        match word:
            case "runs":
                return self._runs(key)
            case "why" if rest:
                return self._why(key, rest.strip().strip('"'))
            case kind if kind == key.kind:
                return self._record(key)
        raise Trouble(f'`live` takes `runs`, `{key.kind}` or `why "rule"`')

    def _record(self, key: SubjectKey) -> Lines:
        raw = self._remote.get(f"/v1/{PLURALS[key.kind]}/{key.id}")
        yield from record_lines(key, raw["fields"])

    def _runs(self, key: SubjectKey) -> Lines:
        found = self._remote.get("/v1/runs", subject=f"{key.kind}:{key.id}", limit=_PAGE)["items"]
        for run in found:
            due = f"  until {run['due']}" if "due" in run else ""
            reason = f"  ({run['reason']})" if "reason" in run else ""
            yield f"{run['id']}  `{run['rule']}`  {run['status']} at {run['step']}{due}{reason}"
        if not found:
            yield f"no rule has started for {key.kind} {key.id} there"

    def _why(self, key: SubjectKey, rule: str) -> Lines:
        answer = self._remote.get("/v1/why", rule=rule, subject=f"{key.kind}:{key.id}")
        found, ahead = answer["items"], answer.get("coming", ())
        for one in ahead:
            yield f"`{one['trigger']}` " + (
                f"does not fire: {one['reason']}"
                if "reason" in one
                else f"fires next {one['local'][0].replace('T', ' ')} ({one['zone']})"
            )
        for verdict in found:
            reason = f": {verdict['reason']}" if "reason" in verdict else ""
            yield f"{verdict['at']}  {verdict['type']}  {verdict['outcome'].replace('_', ' ')}{reason}"
            for part in verdict.get("conditions", ()):
                yield f"    {'held  ' if part['held'] else 'failed'}  {part['condition']}"
        if not found and not ahead:
            yield f"no event that `{rule}` listens to has come for {key.kind} {key.id} there"

    # --- again, here ---

    def replay(self, session: Session) -> Lines:
        """Let the recorded events of the record happen here, beginning with the record as it was before them.

        Raises:
            Trouble: nothing is recorded for it, or something has happened here already.
        """
        key = session.key()
        found = self._remote.get("/v1/history", subject=f"{key.kind}:{key.id}")
        if not found["items"]:
            raise Trouble(f"nothing is recorded for {key.kind} {key.id}")
        session.restart(parse_instant(found["items"][0]["at"]), key, found["before"])
        for event in found["items"]:
            self._happen(session, key, event)
        count = "1 event" if len(found["items"]) == 1 else f"{len(found['items'])} events"
        yield f"{count} of {key.kind} {key.id} happened again"
        yield from session.news()

    def _happen(self, session: Session, key: SubjectKey, event: dict[str, Any]) -> None:
        at = -(-parse_instant(event["at"]) // 1000) * 1000
        if at > session.simulation.now:
            session.do(Said(Until(Span(0, 0), at), f"until {moment(at)}"))
        raw = {"type": event["type"], "subject": {"kind": key.kind, "id": key.id}, "data": event["data"]}
        session.do(Said(Fire(Span(0, 0), raw), _written(raw, session)))


def _add(session: Session, raw: dict[str, Any]) -> None:
    fields = {name: value for name, value in raw["fields"].items() if name != "stage"}
    session.add(SubjectKey(raw["kind"], raw["id"]), fields)


def _written(raw: dict[str, Any], session: Session) -> str:
    """The statement of an event; with data that has no words it cannot be saved as a test, but happens."""
    try:
        return fired(raw, session.checked.schema)
    except Unwritable as error:
        return f"# {error}"
