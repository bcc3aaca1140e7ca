"""Triggers of tags."""

from __future__ import annotations

from rulelang.catalog.model import Derivation, Effect, Trigger
from rulelang.catalog.triggers.parts import slot, trigger
from rulelang.types.model import TAG, TAG_LIST


def _tag(
    kind: str, what: str, words: str, rows: tuple[int, ...], derivation: Derivation, effect: Effect
) -> Trigger:
    return trigger(
        f"{kind}.tag_{what}",
        f"{words} [{{tag}}]",
        f"a tag is {what} {'to' if what == 'added' else 'from'} the {kind}",
        doc="Fires once for each tag, also when a rule or an import changes it; without a tag, for every one. "
        f"`event.tags_after` are the tags that the {kind} then has. An event `{kind}.tag_{what}` that arrives "
        "changes the tags.",
        example=f'on {words} "vip" when event.tags_after contains "newsletter" do notify owner "a tag changed"',
        subjects=(kind,),
        slots=(slot("tag", "the tag", TAG, role="tag"),),
        payload={"tag": TAG, "tags_after": TAG_LIST},
        sample={"tag": "vip", "tags_after": ["newsletter", "vip"] if what == "added" else ["newsletter"]},
        rows=rows,
        derivation=derivation,
        effect=effect,
    )


_ADDED = (Derivation.TAG_ADDED, Effect.ADD_TAG)
_REMOVED = (Derivation.TAG_REMOVED, Effect.REMOVE_TAG)

TRIGGERS = (
    _tag("contact", "added", "tag added", (7,), *_ADDED),
    _tag("contact", "removed", "tag removed", (8,), *_REMOVED),
    _tag("account", "added", "account tag added", (), *_ADDED),
    _tag("account", "removed", "account tag removed", (), *_REMOVED),
    _tag("opportunity", "added", "opportunity tag added", (), *_ADDED),
    _tag("opportunity", "removed", "opportunity tag removed", (), *_REMOVED),
)
