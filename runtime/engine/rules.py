"""What the engine runs between two deploys: library, schema, plans and the machine over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rulelang.plan.codec import decode
from rulelang.plan.model import Plan
from rulelang.types.schema import Schema
from runtime.actions import Library
from runtime.bounds import Bounds
from runtime.machine import Machine
from runtime.model import Run
from runtime.plans import PlanSet
from runtime.store.protocol import Transaction


class Rules:
    """The machine with its plans. Old versions of plans are read from the store when a run still follows them.

    Raises:
        runtime.program.PlanError: a plan uses an action that the library does not have.
    """

    def __init__(
        self,
        library: Library,
        schema: Schema,
        plans: Sequence[Plan],
        bounds: Bounds = Bounds(),  # noqa: B008 - immutable
        explain: bool = False,
        plan_set: Callable[[Sequence[Plan], Library], PlanSet] = PlanSet,
    ) -> None:
        self.library = library
        self.schema = schema
        self.bounds = bounds
        self.explain = explain
        self._plan_set = plan_set
        self.plans = plan_set(plans, library)
        self.machine = self.build_machine()
        self._watched: dict[str, bool] = {}
        self._idempotent = {name: action.idempotent for name, action in library.catalogue.actions.items()}

    def build_machine(self) -> Machine:
        """The machine over these rules."""
        return Machine(self.library, self.schema, self.plans, self.bounds, self.explain)

    def deployed(self, schema: Schema, plans: Sequence[Plan]) -> Rules:
        """The same with other plans and another schema."""
        return type(self)(self.library, schema, plans, self.bounds, self.explain, self._plan_set)

    def adopt(self, hash: str, tx: Transaction) -> bool:
        """Make a stored version known; whether it could be loaded."""
        try:
            self.plans.program(hash)
            return True
        except KeyError:
            return not self._load({hash}, tx)

    def ensure(self, runs: Iterable[Run], tx: Transaction) -> dict[str, str]:
        """Load the plans that these runs follow; {hash: reason} of those that cannot be loaded."""
        return self._load(self.plans.missing(runs), tx)

    def _load(self, hashes: Iterable[str], tx: Transaction) -> dict[str, str]:
        lost: dict[str, str] = {}
        for hash in hashes:
            encoded = tx.plan(hash)
            try:
                if encoded is None:
                    raise LookupError("it is not stored")
                self.plans.add(decode(encoded))
            except Exception as error:
                lost[hash] = f"the version of the rule that this run follows cannot be loaded: {error}"
            self._watched.clear()
        return lost

    def idempotent(self, action: str) -> bool:
        """Whether repeating an attempt of unknown outcome does no harm; False for an action not installed."""
        return self._idempotent.get(action, False)

    def watches(self, kind: str) -> bool:
        """Whether changes of records of this kind matter to runs of other subjects."""
        found = self._watched.get(kind)
        if found is None:
            found = self._watched[kind] = self.plans.watches(kind)
        return found
