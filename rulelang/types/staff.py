"""How work is shared among the staff (weights, territories), and what contacts may subscribe to (topics)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

CONSENT, INTEREST, CONTRACT = "consent", "legitimate_interest", "contract"
BASES = (CONSENT, INTEREST, CONTRACT)
"""Why messages of a topic may be sent (GDPR, article 6): with `consent` only to those who said yes."""

MAX_WEIGHT = 100


@dataclass(frozen=True, slots=True)
class Territory:
    """Records whose `fields` all have one of the values (in lower case) belong to `owner`: `person:` or `team:` …"""

    name: str
    fields: Mapping[str, tuple[str, ...]]
    owner: str

    def holds(self, record: Mapping[str, Any], account: Mapping[str, Any]) -> bool:
        """Whether a record is in it; what the record does not say, its account does."""
        return all(
            _plain(record.get(name) if record.get(name) is not None else account.get(name)) in values
            for name, values in self.fields.items()
        )


def _plain(value: Any) -> str:
    return str(value).casefold() if value is not None else ""


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of message that contacts may subscribe to and unsubscribe from. `basis` is one of BASES."""

    name: str
    basis: str
    title: str = ""


@lru_cache(maxsize=1024)
def turns(members: Sequence[str], weights: Sequence[int]) -> tuple[str, ...]:
    """One round of turns in which each member comes as often as its weight, as evenly spread as can be.

    Smooth weighted round robin, as nginx has it: whoever is furthest behind is next. Empty when nobody has a weight.
    """
    total, behind, order = sum(weights), [0] * len(members), []
    for _ in range(total):
        for n, weight in enumerate(weights):
            behind[n] += weight
        chosen = max(range(len(members)), key=lambda n: (behind[n], -n))
        behind[chosen] -= total
        order.append(members[chosen])
    return tuple(order)
