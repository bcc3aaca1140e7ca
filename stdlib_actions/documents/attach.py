"""`attach proposal("standard")` and its kin: a document for the subject, generated or from the library."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import ANY, DURATION, TEXT
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.links import Link
from runtime.model import JSON, Effect, Millis, Outcome, OutcomeKind

if TYPE_CHECKING:
    from stdlib_actions.documents.store import Document
    from stdlib_actions.services import Services

DESTINATION = "documents"
_ROWS = {"proposal": "A13", "invoice": "A14", "contract": "A15", "form": "A16", "document": "A17"}
_DOC = (
    "The name is a file of the folder `documents`: a template for Typst (`standard.typ`), which is set as PDF with the "
    "fields of the contact, the account and the event, or a finished file. With `let doc = attach …` later steps have "
    "`doc.id` (for `send email template(…, attach: doc.id)`), `doc.name`, `doc.number` and `doc.link`: an address "
    "where the contact reads, signs or declines it, which rules hear as `document viewed`, `signed` and `declined`. "
    "What is generated stays as it is, whatever happens to the template."
)
_NUMBERED = " Invoices are numbered from 1 on, without gaps and none twice."


def _action(kind: str) -> Action:
    article = "an" if kind == "invoice" else "a"
    return Action(
        name=f"attach_{kind}",
        phrase=f"attach {kind}()",
        performs=Performs.EFFECT,
        summary=f"generate {article} {kind} for the subject, or take it from the library",
        doc=_DOC + (_NUMBERED if kind == "invoice" else ""),
        example=(
            'on stage enter "Proposal Sent"\n'
            "do\n"
            f'  let doc = attach {kind}("standard") with title = "For you"\n'
            '  send email template("confirm", attach: doc.id)\n'
            "end\n"
        ),
        rows=(_ROWS[kind],),
        params=(
            Param("template", TEXT, "a file of the folder `documents`"),
            Param(
                "expires",
                DURATION,
                "how long the link works; without it for ever",
                required=False,
                positional=False,
            ),
        ),
        named=(
            Param("title", ANY, "a value for the template"),
            Param("amount", ANY, "a value for the template"),
            Param("due", ANY, "a value for the template"),
            Param("items", ANY, "a value for the template"),
            Param("note", ANY, "a value for the template"),
        ),
        uses_event=True,
        idempotent=True,
    )


DECLARATIONS = tuple(map(_action, _ROWS))
_VALUES = ("title", "amount", "due", "items", "note")


class Attach:
    """Makes a document, once, and keeps it."""

    def __init__(self, kind: str, services: Services) -> None:
        self._kind = kind
        self._services = services

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """An invoice takes its number now, in the transaction of the step."""
        if not args.get("template"):
            raise ActionError(f"the {self._kind} has no name")
        return Intent(DESTINATION, dict(args), series="invoice" if self._kind == "invoice" else "")

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """Generate it; the facts are those of this moment."""
        import asyncio

        import msgspec

        document = await asyncio.to_thread(self._made, effect, facts)
        link = self._link(effect, facts, document.id)
        return {"document": msgspec.to_builtins(document), "link": link}

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """It is there already: tell what it is called."""
        document = prepared["document"]
        result = {"id": document["id"], "name": document["name"], "link": prepared["link"]}
        if document.get("number") is not None:
            result["number"] = document["number"]
        return Outcome(OutcomeKind.DONE, result=result)

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        document = (prepared or {}).get("document", {})
        number = f" no. {document['number']}" if document.get("number") else ""
        return f"{self._kind} `{args.get('template', '')}`{number}, {document.get('size', 0)} bytes"

    def _made(self, effect: Effect, facts: Facts) -> Document:
        from stdlib_actions.documents.store import TYPESET, described
        from stdlib_actions.documents.typeset import typeset

        store, name = self._services.documents, str(effect.args["template"])
        number = effect.args.get("number")
        id = f"doc_{blake2b(effect.key.encode(), digest_size=10).hexdigest()}"
        if not store.has_library:
            return described(id, self._kind, name, f"{name}.pdf", b"-", number)
        path = store.source(name)
        if path.suffix == TYPESET:
            content, file = typeset(path, self._data(effect, facts, number)), f"{path.stem}.pdf"
        else:
            content, file = path.read_bytes(), path.name
        if number is not None:
            file = f"{self._kind}-{number}{file[file.rindex('.') :]}"
        document = described(id, self._kind, name, file, content, number)
        store.keep(document, content)
        return document

    def _data(self, effect: Effect, facts: Facts, number: JSON) -> dict[str, Any]:
        schema = self._services.schema()
        return {
            "kind": self._kind,
            "number": number,
            "date": datetime.fromtimestamp(effect.created_at / 1000, UTC).date().isoformat(),
            "workspace": {"name": schema.name, "currency": schema.currency, "time_zone": schema.time_zone},
            "contact": dict(facts.contact),
            "account": dict(facts.account),
            "opportunity": dict(facts.opportunity),
            "event": effect.event.get("data", {}),
            "values": {name: effect.args[name] for name in _VALUES if name in effect.args},
        }

    def _link(self, effect: Effect, facts: Facts, id: str) -> str:
        links = self._services.links
        if links is None:
            return ""
        contact = str(facts.contact.get("id") or effect.subject.id)
        return links.address(
            Link("d", contact, "", effect.rule, effect.step, document=id, until=self._until(effect))
        )

    def _until(self, effect: Effect) -> Millis | None:
        from zoneinfo import ZoneInfo

        from rulelang.calendar import parse_duration, shift

        expires = effect.args.get("expires")
        if not expires:
            return None
        zone = ZoneInfo(self._services.schema().time_zone)
        return shift(effect.created_at, parse_duration(str(expires)), zone)


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {f"attach_{kind}": Attach(kind, services) for kind in _ROWS}
