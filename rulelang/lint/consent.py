"""Messages to contacts who, for what the rule itself says or does, must not get them."""

from __future__ import annotations

from collections.abc import Iterator

from rulelang.catalog.model import Catalogue, Effect
from rulelang.lint.doing import all_steps, equalities, writes
from rulelang.plan import model
from rulelang.plan.ir import Get, Ir, Lit, Op, conjuncts

ALL = "dnc"


def forbidden(plan: model.Plan, catalogue: Catalogue) -> Iterator[str]:
    """The steps whose message no consent can allow. What a step on the way surely marks counts from there on."""
    closed = _closed_at_the_start(plan, catalogue)
    for step, sure in all_steps(plan.steps):
        if not isinstance(step, model.ActionStep):
            continue
        channel = _channel(step, catalogue)
        if channel and (ALL in closed or (f"{channel}_opt_out" in closed and not _transactional(step))):
            yield step.id
        if sure and step.action in ("mark_dnc", "mark_opt_out"):
            closed |= {write.name for write in writes(plan) if write.step == step.id}


def _channel(step: model.ActionStep, catalogue: Catalogue) -> str:
    """The channel on which a step reaches the contact itself; "" for none."""
    action, to = catalogue.actions.get(step.action), step.args.get("to")
    reaches = to is None or getattr(to, "v", None) == "contact"
    return action.channel if action is not None and reaches else ""


def _transactional(step: model.ActionStep) -> bool:
    return getattr(step.args.get("transactional"), "v", False) is not False


def _closed_at_the_start(plan: model.Plan, catalogue: Catalogue) -> set[str]:
    """The fields that withdraw consent and are surely set when a run begins."""
    said = {get.p[1] for get, value in equalities(plan.when) if value is True and len(get.p) == 2}
    happened = [_closed_by(trigger, catalogue) for trigger in plan.triggers]
    return said | (set.intersection(*happened) if happened else set())


def _closed_by(trigger: model.TriggerPlan, catalogue: Catalogue) -> set[str]:
    """The fields that a trigger's own event has set."""
    declaration = catalogue.triggers.get(trigger.trigger)
    if declaration is None:
        return set()
    if declaration.effect is Effect.FLAG:
        return {declaration.field}
    if declaration.effect is Effect.DND and declaration.where.get("enabled") is True:
        return {f"{channel}_opt_out" for channel in _channels(trigger.when)}
    return set()


def _channels(when: Ir | None) -> Iterator[str]:
    for part in conjuncts(when):
        match part:
            case Op("contains", (Get(("event", "channels")), Lit(str(channel)))):
                yield channel
