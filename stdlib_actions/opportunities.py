"""Opportunities of the subject: create one, update its fields, move it between stages."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Names, Param, Performs
from rulelang.types.model import TEXT
from runtime.actions import ActionError, LocalAction, LocalContext
from runtime.model import JSON, SubjectKey

_KIND = "opportunity"
_STAGE = Param("stage", TEXT, "the stage", role="stage", subject=_KIND)
_PIPELINE = Param(
    "pipeline", TEXT, "the pipeline that has the stage", required=False, role="pipeline", subject=_KIND
)
_RELATED = (
    "For a contact or an account it is the one in `opportunity_id`: the last that a rule created for it, or "
    "what the API set there. For a rule on opportunities it is the opportunity itself."
)

DECLARATIONS = (
    Action(
        name="create_opportunity",
        phrase="create opportunity {name} [in {pipeline}] [at {stage}]",
        performs=Performs.LOCAL,
        summary="create an opportunity for the subject",
        doc=(
            "The opportunity is linked to the contact and its account and becomes its `opportunity_id`. It is open, "
            "belongs to the subject's owner, and stands at the first stage of the first pipeline of opportunities, "
            "unless `in`, `at` or `with` say otherwise. Behind `with` come fields of the opportunity. Made once for "
            "each step of a run, whatever happens. Rules see it as `opportunity created`."
        ),
        example=(
            'on stage enter "SQL"\n'
            "do\n"
            '  create opportunity "Plan for {{ contact.company }}" in "Deals" at "Qualified" with value = $1_000\n'
            "end\n"
        ),
        params=(
            Param("name", TEXT, "what it is called; may hold `{{ fields }}`", role="liquid"),
            Param("stage", TEXT, "the stage that it begins at", required=False, role="stage", subject=_KIND),
            _PIPELINE,
        ),
        subjects=("contact", "account"),
        names=Names.OPPORTUNITY,
        uses_event=True,
        idempotent=True,
    ),
    Action(
        name="update_opportunity",
        phrase="update opportunity",
        performs=Performs.LOCAL,
        summary="set fields of the subject's opportunity",
        doc=f"Behind `with` come fields of the opportunity with their new values; `null` clears one. {_RELATED}",
        example="on payment received do update opportunity with status = won, probability = 100%\n",
        names=Names.OPPORTUNITY,
        needs_names=True,
        idempotent=True,
    ),
    Action(
        name="move_opportunity",
        phrase="move opportunity to stage {stage} [of {pipeline}]",
        performs=Performs.LOCAL,
        summary="move the subject's opportunity to a stage",
        doc=f"Rules see it as `opportunity stage changed`. {_RELATED}",
        example='on stage enter "Won" do move opportunity to stage "Negotiation"\n',
        params=(_STAGE, _PIPELINE),
        idempotent=True,
    ),
)


def create_opportunity(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Let `opportunity.created` happen to a new opportunity, and link the subject to it."""
    from hashlib import blake2b

    from rulelang.template.model import Sink
    from stdlib_actions.rendering import Renderer

    name = Renderer(context.schema, context.facts).inline(str(args.get("name") or ""), Sink.HEADER).strip()
    if not name:
        raise ActionError("the opportunity has no name")
    id = f"o_{blake2b(context.key.encode(), digest_size=10).hexdigest()}"
    fields: dict[str, JSON] = {"name": name, "status": "open", "owner": context.get("owner")}
    fields |= args.get("with") or {}
    data: dict[str, JSON] = _place(context, args) | {"source": "rule"}
    data["fields"] = {key: value for key, value in fields.items() if value is not None}
    context.tell(SubjectKey(_KIND, id), "opportunity.created", data, _links(context))
    context.set("opportunity_id", id)


def _place(context: LocalContext, args: Mapping[str, JSON]) -> dict[str, JSON]:
    pipelines = context.schema.pipelines_of(_KIND)
    wanted = args.get("pipeline")
    pipeline = next((p for p in pipelines if wanted in (None, p.key)), None)
    if pipeline is None:
        return {}
    return {"pipeline": pipeline.key, "stage": args.get("stage") or pipeline.stages[0]}


def _links(context: LocalContext) -> dict[str, str]:
    kind, id = context.subject
    if kind == "account":
        return {"account_id": id}
    account = context.get("account_id")
    return {"contact_id": id} | ({"account_id": str(account)} if account else {})


def update_opportunity(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Set the fields here, or let the opportunity be told."""
    fields: dict[str, JSON] = args.get("with") or {}
    if context.subject.kind == _KIND:
        for name, value in fields.items():
            context.set(name, value)
        return
    context.tell(_related(context), "record.updated", {"fields": fields})


def move_opportunity(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Move it here, or let the opportunity be told."""
    pipeline, stage = args["pipeline"], args["stage"]
    if context.subject.kind == _KIND:
        context.move_stage(pipeline, stage)
        return
    context.tell(_related(context), "opportunity.stage_changed", {"pipeline": pipeline, "after": stage})


def _related(context: LocalContext) -> SubjectKey:
    id = context.get("opportunity_id")
    if not id:
        raise ActionError(
            f"the {context.subject.kind} has no opportunity; create one, or set `opportunity_id`"
        )
    return SubjectKey(_KIND, str(id))


LOCAL: Mapping[str, LocalAction] = {
    "create_opportunity": create_opportunity,
    "update_opportunity": update_opportunity,
    "move_opportunity": move_opportunity,
}
