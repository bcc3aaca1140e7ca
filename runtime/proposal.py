"""A change of rules that somebody proposes: what it would be, checked, and what it would mean for runs in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rulelang.catalog.model import Catalogue
from rulelang.diagnostics.model import Diagnostic
from rulelang.plan.codec import PlanError, decode
from rulelang.plan.model import Plan
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.deploying import DeployPlan, deploy_token, plan_deploy
from runtime.files import Files
from runtime.fileset import FileChanges, with_changes
from runtime.store.protocol import ReadStore
from runtime.workspace import new_mistakes


@dataclass(frozen=True, slots=True)
class Proposal:
    """Other files, checked, with the deploy plan. `mistakes` are new ones: with any nothing can be deployed."""

    files: Files
    checked: CheckedWorkspace
    plan: DeployPlan
    mistakes: tuple[Diagnostic, ...]


async def propose(
    before: Files,
    checked: CheckedWorkspace,
    changes: FileChanges,
    whole: bool,
    reader: ReadStore,
    catalogue: Catalogue,
) -> Proposal:
    """What the changes would make of the files `before`, whose check was `checked`.

    Raises:
        StoreUnavailable: the runs in flight cannot be read now.
    """
    files = with_changes(before, changes, whole)
    after = await asyncio.to_thread(load_workspace, files.rules, catalogue, files.templates)
    flights = await reader.flights()
    versions = await read_versions(reader, {flight.plan for flight in flights}, checked.plans)
    token = deploy_token(before, files, flights)
    plan = plan_deploy(checked.plans, after.plans, flights, versions, event_readers(catalogue), token)
    mistakes = new_mistakes(checked.diagnostics, after.diagnostics)
    return Proposal(files, after, plan, tuple(mistakes))


def event_readers(catalogue: Catalogue) -> frozenset[str]:
    """The actions that look at the event which began their run."""
    return frozenset(name for name, action in catalogue.actions.items() if action.uses_event)


async def read_versions(
    reader: ReadStore, hashes: Iterable[str], known: Sequence[Plan] = ()
) -> Mapping[str, Plan]:
    """The plans with these hashes; those that are lost or of another release are left out."""
    found = {plan.hash: plan for plan in known}
    for hash in hashes:
        if hash not in found and (encoded := await reader.plan(hash)) is not None:
            try:
                found[hash] = decode(encoded)
            except PlanError:
                continue
    return found
