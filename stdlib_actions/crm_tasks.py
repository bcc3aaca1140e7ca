"""Tasks in the company's CRM, through its REST API and a named connection: Salesforce and HubSpot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rulelang.catalog.model import Action, Names, Param, Performs
from rulelang.types.model import ANY, TEXT, Kind
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.model import JSON, Effect, Millis, Outcome, OutcomeKind

if TYPE_CHECKING:
    from runtime.egress.client import Reply
    from stdlib_actions.services import Services

PRIORITIES = ("low", "normal", "high")
SALESFORCE_VERSION = "v60.0"
CONTACT_TO_TASK = 204
"""HubSpot's number for the association of a task with a contact."""

_PARAMS = (
    Param("title", TEXT, "what is to be done; may hold `{{ fields }}`", role="liquid"),
    Param(
        "due",
        ANY,
        "a duration such as `2d`, a date or an instant",
        required=False,
        kinds=(Kind.DURATION, Kind.DATE, Kind.DATETIME),
    ),
    Param("connection", TEXT, "another connection of `rulelang.toml`", required=False, role="word"),
)


def _named(owner: str, about: str) -> tuple[Param, ...]:
    return (
        Param("description", TEXT, "more about it; may hold `{{ fields }}`", role="liquid"),
        Param("priority", TEXT, "`low`, `normal` or `high`", choices=PRIORITIES),
        Param("owner", TEXT, owner),
        Param("about", TEXT, about),
    )


def _doc(system: str, more: str) -> str:
    return (
        f"Creates a task in {system} through `[connections.{system.lower()}]` of `rulelang.toml`, where its address "
        f"and the authentication stand. {more} Its id is `answer.id` with `let answer = …`. The API takes no "
        "idempotency key: an attempt whose outcome is unknown waits for somebody to look."
    )


DECLARATIONS = (
    Action(
        name="task_salesforce",
        phrase="task salesforce {title} [due {due}] [through {connection}]",
        performs=Performs.EFFECT,
        summary="create a task in Salesforce",
        doc=_doc(
            "Salesforce",
            "`owner` and `about` are ids of a user and of a contact or lead there; further names behind `with` are "
            "fields of the object Task, such as `Status`.",
        ),
        example=(
            'on stage enter "SQL"\n'
            'do task salesforce "Call {{ contact.first_name }}" due 2d with priority = high, about = external_id\n'
        ),
        rows=("A28",),
        params=_PARAMS,
        named=_named("the id of a user", "the id of a contact or lead"),
        names=Names.ANYTHING,
        uses_event=True,
    ),
    Action(
        name="task_hubspot",
        phrase="task hubspot {title} [due {due}] [through {connection}]",
        performs=Performs.EFFECT,
        summary="create a task in HubSpot",
        doc=_doc(
            "HubSpot",
            "`owner` and `about` are ids of an owner and of a contact there; further names behind `with` are "
            "properties of the task, such as `hs_task_type`. Without `due` it is due at once.",
        ),
        example=(
            'on stage enter "SQL"\n'
            'do task hubspot "Call {{ contact.first_name }}" due 2d with priority = high, about = external_id\n'
        ),
        rows=("A29",),
        params=_PARAMS,
        named=_named("the id of an owner", "the id of a contact"),
        names=Names.ANYTHING,
        uses_event=True,
    ),
)


class Due(NamedTuple):
    """When a task is due: the instant and the day in the workspace's zone, None without; and now."""

    at: Millis | None
    day: str | None
    now: Millis


@dataclass(frozen=True, slots=True)
class System:
    """One CRM: the name of its connection, where tasks are created, the body, and what an answer means."""

    name: str
    path: str
    body: Callable[[Mapping[str, Any], Due], dict[str, JSON]]
    read: Callable[[Reply], Outcome]


class CrmTask:
    """A task whose words and date stay as they were at the step."""

    def __init__(self, services: Services, system: System) -> None:
        self._services = services
        self._system = system

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """The queue is the CRM's origin; a connection that there is none of fails the step."""
        from runtime.egress.errors import Refused
        from runtime.egress.guard import check_url
        from stdlib_actions.connections import NoConnection

        name = str(args.get("connection") or self._system.name)
        try:
            url = self._services.connections.absolute(self._system.path, name)
            vetted = check_url(url, self._services.egress_policy)
        except (NoConnection, Refused) as problem:
            raise ActionError(f"the task cannot be created: {problem}") from None
        return Intent(vetted.origin, {**args, "connection": name})

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """The body, kept so that every try sends the same."""
        import json

        from rulelang.template.model import Sink
        from stdlib_actions.rendering import Renderer

        renderer, args = Renderer(self._services.schema(), facts), dict(effect.args)
        for name in ("title", "description"):
            if args.get(name):
                args[name] = renderer.inline(str(args[name]), Sink.TEXT).strip()
        if not args.get("title"):
            raise ActionError("the task has no title")
        due = self._due(args.get("due"), effect.created_at)
        return {"body": json.dumps(self._system.body(args, due), ensure_ascii=False)}

    def _due(self, value: JSON, now: Millis) -> Due:
        from rulelang.calendar import local_date, zone
        from runtime.moments import moment_of

        if value is None:
            return Due(None, None, now)
        here = zone(self._services.schema().time_zone)
        found = moment_of(str(value), now, here) if here else None
        if found is None or here is None:
            raise ActionError(f"the task cannot be due at `{value}`")
        return Due(found, local_date(found, here).isoformat(), now)

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Make one attempt."""
        from runtime.egress.errors import EgressError
        from stdlib_actions.connections import NoConnection, Request, failure

        if self._services.egress is None:
            return Outcome(OutcomeKind.FAILED, "nothing is sent from a simulation")
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        body = str(prepared["body"]).encode("utf-8", "replace")
        request = Request("POST", self._system.path, headers, body)
        try:
            reply = await self._services.connections.send(request, effect.args["connection"])
        except (EgressError, NoConnection) as problem:
            return failure(problem)
        return self._system.read(reply)

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        return f"task in {self._system.name}: {(prepared or {}).get('body', '')}"


# --- Salesforce: sObject Task (developer.salesforce.com, REST API, "Create a Record") ------------------

_SALESFORCE_PRIORITY = {"low": "Low", "normal": "Normal", "high": "High"}
_SALESFORCE_AGAIN = frozenset({"REQUEST_LIMIT_EXCEEDED", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"})


def _salesforce_body(args: Mapping[str, Any], due: Due) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "Subject": args["title"][:255],
        "Status": "Not Started",
        "Description": args.get("description") or None,
        "Priority": _SALESFORCE_PRIORITY.get(str(args.get("priority"))),
        "OwnerId": args.get("owner"),
        "WhoId": args.get("about"),
        "ActivityDate": due.day,
    }
    return {name: value for name, value in (found | (args.get("with") or {})).items() if value is not None}


def _salesforce_answer(reply: Reply) -> Outcome:
    from runtime.egress.outcome import kind_of, refusal
    from stdlib_actions.connections import parsed

    said = parsed(reply)
    result: dict[str, JSON] = {"status": reply.status}
    if reply.ok:
        if isinstance(said, dict) and said.get("id"):
            result["id"] = said["id"]
        return Outcome(OutcomeKind.DONE, result=result)
    first = said[0] if isinstance(said, list) and said and isinstance(said[0], dict) else {}
    code, text = str(first.get("errorCode") or ""), str(first.get("message") or "")
    kind = kind_of(reply.status)
    if code in _SALESFORCE_AGAIN or reply.status == 401:
        kind = OutcomeKind.RETRY
    elif reply.status in (500, 502, 504):
        kind = OutcomeKind.UNKNOWN
    reason = refusal(reply, f"{code}: {text}" if code else "")
    return Outcome(kind, reason, result | ({"code": code} if code else {}), reply.retry_after)


# --- HubSpot: CRM v3 tasks (developers.hubspot.com, "Tasks") ----------------------------------------------

_HUBSPOT_PRIORITY = {"low": "LOW", "normal": "MEDIUM", "high": "HIGH"}


def _hubspot_body(args: Mapping[str, Any], due: Due) -> dict[str, JSON]:
    from rulelang.calendar import instant_text

    found: dict[str, JSON] = {
        "hs_task_subject": args["title"],
        "hs_task_status": "NOT_STARTED",
        "hs_timestamp": instant_text(due.now if due.at is None else due.at),
        "hs_task_body": args.get("description") or None,
        "hs_task_priority": _HUBSPOT_PRIORITY.get(str(args.get("priority"))),
        "hubspot_owner_id": args.get("owner"),
    }
    properties = found | (args.get("with") or {})
    body: dict[str, JSON] = {"properties": {n: v for n, v in properties.items() if v is not None}}
    if args.get("about"):
        kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": CONTACT_TO_TASK}
        body["associations"] = [{"to": {"id": str(args["about"])}, "types": [kind]}]
    return body


def _hubspot_answer(reply: Reply) -> Outcome:
    from runtime.egress.outcome import kind_of, refusal
    from stdlib_actions.connections import parsed

    said = parsed(reply)
    answer: dict[str, JSON] = said if isinstance(said, dict) else {}
    result: dict[str, JSON] = {"status": reply.status}
    if reply.ok:
        return Outcome(OutcomeKind.DONE, result=result | ({"id": answer["id"]} if answer.get("id") else {}))
    category = str(answer.get("category") or "")
    kind = kind_of(reply.status)
    if reply.status == 401 or category == "RATE_LIMITS":
        kind = OutcomeKind.RETRY
    elif reply.status in (500, 502, 504):
        kind = OutcomeKind.UNKNOWN
    reason = refusal(reply, str(answer.get("message") or ""))
    return Outcome(kind, reason, result | ({"code": category} if category else {}), reply.retry_after)


SALESFORCE = System(
    "salesforce", f"/services/data/{SALESFORCE_VERSION}/sobjects/Task", _salesforce_body, _salesforce_answer
)
HUBSPOT = System("hubspot", "/crm/v3/objects/tasks", _hubspot_body, _hubspot_answer)


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {
        "task_salesforce": CrmTask(services, SALESFORCE),
        "task_hubspot": CrmTask(services, HUBSPOT),
    }
