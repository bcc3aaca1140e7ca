"""A change of rules that somebody proposes: what it would be, checked, and what it would mean for runs in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rulelang.catalog.model import Catalogue
from rulelang.diagnostics.model import Diagnostic
from rulelang.plan.codec import PlanError, decode
from rulelang.plan.model import Plan
from runtime.deploying import DeployPlan, deploy_token, plan_deploy
from runtime.fileset import FileChanges, as_whole
from runtime.store.protocol import ReadStore
from runtime.workspace import Change, Workspace, new_mistakes


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change with its deploy plan. `mistakes` are new ones: with any nothing can be deployed."""

    change: Change
    plan: DeployPlan
    mistakes: tuple[Diagnostic, ...]


async def propose(workspace: Workspace, texts: FileChanges, whole: bool, reader: ReadStore) -> Proposal:
    """What these texts would make of a workspace. With `whole` they are all its rule files and templates.

    Raises:
        StoreUnavailable: the runs in flight cannot be read now.
    """
    if whole:
        texts = as_whole(workspace.root, workspace.files, texts)
    before = workspace.checked
    change = await asyncio.to_thread(workspace.change, texts)
    flights = await reader.flights()
    versions = await read_versions(reader, {flight.plan for flight in flights}, before.plans)
    token = deploy_token(workspace.files, change.files, flights)
    uses = event_readers(before.catalogue)
    plan = plan_deploy(before.plans, change.checked.plans, flights, versions, uses, token)
    mistakes = new_mistakes(before.diagnostics, change.checked.diagnostics)
    return Proposal(change, plan, tuple(mistakes))


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
