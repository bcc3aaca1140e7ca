"""The fields that every contact, account and opportunity has, and the types that depend on the schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rulelang.types.model import (
    BOOL,
    DATE,
    DATETIME,
    EMAIL,
    NUMBER,
    PERCENT,
    PERSON,
    RECORD,
    TAG_LIST,
    TEXT,
    TEXT_LIST,
    TIME_ZONE,
    Kind,
    Type,
)
from rulelang.types.schema import FieldDef, Pipeline, Schema

ANY_STAGE = Type(Kind.STAGE, name="stage")
"""A stage of any pipeline of the subject's kind; `concrete` fills in the values."""

ANY_STATUS = Type(Kind.ENUM, name="status")
"""A status of the subject's kind; `concrete` fills in the values."""

ANY_PIPELINE = Type(Kind.ENUM, name="pipeline")
"""The key of a pipeline of the subject's kind; `concrete` fills in the values."""

HEALTH = Type(Kind.ENUM, name="health", values=("good", "average", "bad"))
"""How well a customer does, best first."""

OPPORTUNITY_STATUS = Type(Kind.ENUM, name="status", values=("open", "won", "lost", "abandoned"))
"""Where an opportunity stands; the same in every workspace."""

COUNTRY = Type(Kind.TEXT, format="country")
CURRENCY = Type(Kind.TEXT, format="currency")
PEOPLE = Type(Kind.LIST, item=PERSON)


def status_type(values: Sequence[str]) -> Type:
    """The type of the field `status` with these values."""
    return Type(Kind.ENUM, name="status", values=tuple(values))


def stage_type(pipeline: Pipeline) -> Type:
    """The type of a stage in one pipeline."""
    return Type(Kind.STAGE, name=f"stage of {pipeline.name}", values=pipeline.stages)


def _field(name: str, type_: Type, doc: str, *, read_only: bool = False) -> tuple[str, FieldDef]:
    return name, FieldDef(name, type_, doc, read_only)


def _common(subject: str) -> dict[str, FieldDef]:
    return dict(
        [
            _field("id", TEXT, f"What identifies the {subject}; given when it is created.", read_only=True),
            _field("external_id", TEXT, f"The {subject}'s id in your own systems."),
            _field("owner", PERSON, f"The person of the staff who looks after the {subject}."),
            _field("followers", PEOPLE, f"Further people who are kept informed about the {subject}."),
            _field("tags", TAG_LIST, f"The tags of the {subject}, in the order they were added."),
            _field("source", TEXT, f"Where the {subject} came from, such as `form`, `import` or `api`."),
            _field("created_at", DATETIME, f"When the {subject} was created.", read_only=True),
            _field("updated_at", DATETIME, f"When the {subject} last changed.", read_only=True),
        ]
    )


def _contact() -> dict[str, FieldDef]:
    return dict(
        [
            _field("email", EMAIL, "The e-mail address, in lower case."),
            _field("first_name", TEXT, "The given name."),
            _field("last_name", TEXT, "The family name."),
            _field("name", TEXT, "The full name as it is shown."),
            _field("phone", TEXT, "The telephone number, best with the country code: `+49301234567`."),
            _field("contact_type", TEXT, "What kind of contact it is, such as `lead` or `customer`."),
            _field("score", NUMBER, "The engagement score."),
            _field("health", HEALTH, "How well the relation stands: good, average or bad."),
            _field("health_score", NUMBER, "The figure behind the health."),
            _field("birth_date", DATE, "The date of birth."),
            _field("time_zone", TIME_ZONE, "The IANA time zone, such as `Europe/Berlin`."),
            _field("language", TEXT, "The language as a BCP 47 tag, such as `de` or `pt-BR`."),
            _field("street", TEXT, "The street and house number."),
            _field("postal_code", TEXT, "The postal code."),
            _field("city", TEXT, "The town."),
            _field("region", TEXT, "The state, province or region."),
            _field("country", COUNTRY, "The country, two letters: `DE`."),
            _field("company", TEXT, "The name of the company, as the contact wrote it."),
            _field("job_title", TEXT, "The position in the company."),
            _field("website", TEXT, "The address of a web site."),
            _field("account_id", TEXT, "The account that the contact belongs to."),
            _field("opportunity_id", TEXT, "The opportunity that rules act on for the contact."),
            _field("dnc", BOOL, "Do not contact: no message and no call at all."),
            _field("email_opt_out", BOOL, "The contact does not want e-mail."),
            _field("sms_opt_out", BOOL, "The contact does not want text messages."),
            _field("call_opt_out", BOOL, "The contact does not want calls."),
            _field("dnd", TEXT_LIST, "Channels that are closed, such as `sms outbound` or `call inbound`."),
            _field("subscriptions", RECORD, "What the contact subscribed to, by topic."),
            _field("email_verified", BOOL, "The e-mail address was confirmed."),
            _field("phone_verified", BOOL, "The telephone number was confirmed."),
        ]
    )


def _account(currency: str) -> dict[str, FieldDef]:
    return dict(
        [
            _field("name", TEXT, "The name of the company."),
            _field("domain", TEXT, "The company's domain, such as `acme.test`."),
            _field("website", TEXT, "The address of the web site."),
            _field("phone", TEXT, "The telephone number."),
            _field("industry", TEXT, "The branch of trade."),
            _field("employees", NUMBER, "How many people work there."),
            _field("revenue", Type(Kind.MONEY, currency=currency), "Yearly revenue."),
            _field("plan", TEXT, "The plan that the account has booked."),
            _field("opportunity_id", TEXT, "The opportunity that rules act on for the account."),
            _field("score", NUMBER, "The engagement score."),
            _field("health", HEALTH, "How well the account does: good, average or bad."),
            _field("health_score", NUMBER, "The figure behind the health."),
            _field("time_zone", TIME_ZONE, "The IANA time zone, such as `Europe/Berlin`."),
            _field("language", TEXT, "The language as a BCP 47 tag, such as `de`."),
            _field("city", TEXT, "The town."),
            _field("country", COUNTRY, "The country, two letters: `DE`."),
        ]
    )


def _opportunity(currency: str) -> dict[str, FieldDef]:
    money = Type(Kind.MONEY, currency=currency)
    return dict(
        [
            _field("name", TEXT, "What the opportunity is called."),
            _field("status", OPPORTUNITY_STATUS, "Where it stands: open, won, lost or abandoned."),
            _field("value", money, "What it is worth, in the workspace's currency."),
            _field("currency", CURRENCY, "The currency it was offered in, ISO 4217."),
            _field("probability", PERCENT, "How likely it is to be won."),
            _field("contact_id", TEXT, "The contact it is about."),
            _field("account_id", TEXT, "The account it is about."),
            _field("lost_reason", TEXT, "Why it was lost."),
            _field("close_date", DATE, "When it is expected to be decided."),
        ]
    )


def _stages(kind: str, pipelines: Sequence[Pipeline]) -> dict[str, FieldDef]:
    mine = [p for p in pipelines if p.subject == kind]
    doc = "The stage in the first pipeline; it is changed with `move to stage`."
    stage = stage_type(mine[0]) if mine else ANY_STAGE
    return dict(
        [
            _field("stage", stage, doc, read_only=True),
            _field("stages", RECORD, "The stage in each pipeline: `stages.<key>`.", read_only=True),
        ]
    )


def pipeline_type(pipelines: Iterable[Pipeline]) -> Type:
    """The type of a pipeline in data: its key."""
    return replace(ANY_PIPELINE, values=tuple(p.key for p in pipelines))


def builtin_fields(
    pipelines: Sequence[Pipeline], statuses: Mapping[str, Sequence[str]], currency: str
) -> dict[str, dict[str, FieldDef]]:
    """The built-in fields of each kind, by kind and name.

    `pipelines` in the order declared give the stages, `statuses` the values of `status` for `contact` and
    `account`, `currency` (ISO 4217) the currency of money fields.
    """
    fields = {
        "contact": _common("contact") | _contact(),
        "account": _common("account") | _account(currency),
        "opportunity": _common("opportunity") | _opportunity(currency),
    }
    for kind in ("contact", "account"):
        doc = f"The status of the {kind}."
        fields[kind]["status"] = FieldDef("status", status_type(statuses[kind]), doc)
        doc = f"The segments that the {kind} is in; test it with `in segment`."
        fields[kind]["segments"] = FieldDef("segments", TEXT_LIST, doc, read_only=True)
    keys = pipeline_type(p for p in pipelines if p.subject == "opportunity")
    doc = "The key of the pipeline it was last moved in."
    fields["opportunity"]["pipeline"] = FieldDef("pipeline", keys, doc, read_only=True)
    for kind, its in fields.items():
        its.update(_stages(kind, pipelines))
    return fields


def concrete(type_: Type, schema: Schema, kind: str) -> Type:
    """A declaration's type with what the schema knows filled in, for a subject of `kind`.

    `ANY_STAGE` gets the stages of all pipelines of the kind, `ANY_PIPELINE` their keys, `ANY_STATUS` the values
    of its field `status`, lists are filled in for their items; every other type is returned as it is.
    """
    if type_.kind is Kind.LIST and type_.item is not None:
        return replace(type_, item=concrete(type_.item, schema, kind))
    if type_.kind is Kind.STAGE and not type_.values:
        stages = (stage for p in schema.pipelines_of(kind) for stage in p.stages)
        return replace(type_, values=tuple(dict.fromkeys(stages)))
    if type_ == ANY_PIPELINE:
        return pipeline_type(schema.pipelines_of(kind))
    if type_ == ANY_STATUS and (status := schema.fields[kind].get("status")):
        return status.type
    return type_
