"""Triggers of comments in social networks and of communities."""

from __future__ import annotations

from rulelang.catalog.model import Trigger
from rulelang.catalog.triggers.parts import enum, slot, trigger
from rulelang.types.model import BOOL, TEXT, Type

_COMMENT: dict[str, Type] = {
    "platform": enum("platform", "facebook", "instagram"),
    "page": TEXT,
    "post_id": TEXT,
    "post_type": TEXT,
    "text": TEXT,
    "author": TEXT,
    "is_first_level": BOOL,
}


def _comment(platform: str, row: int) -> Trigger:
    return trigger(
        f"comment.created_{platform}",
        f"{platform} comment added [to {{post}}]",
        f"a contact comments on a post at {platform.capitalize()}",
        doc="`to` narrows it to one post. `event.page` and `event.post_type` say where, `event.text` what was written; "
        "`event.is_first_level` is false for an answer to another comment.",
        example=f'on {platform} comment added when lower(event.text) contains "price" and event.is_first_level = true\n'
        'do\n  add tag "asked for the price"\nend',
        event="comment.created",
        slots=(slot("post", "the id of the post", path="post_id"),),
        payload=_COMMENT,
        sample={
            "platform": platform,
            "page": "Acme",
            "post_id": "po_1",
            "post_type": "photo",
            "text": "What is the price?",
            "author": "ana",
            "is_first_level": True,
        },
        rows=(row,),
        where={"platform": platform},
    )


_GROUP = slot("group", "the group")

TRIGGERS = (
    _comment("facebook", 66),
    _comment("instagram", 67),
    trigger(
        "group.access_granted",
        "group access granted [to {group}]",
        "a contact is let into a group",
        doc="Fires for each group, or for one.",
        example='on group access granted to "Founders" do add tag "founder"',
        slots=(_GROUP,),
        payload={"group": TEXT},
        sample={"group": "Founders"},
        rows=(68,),
    ),
    trigger(
        "group.access_revoked",
        "group access revoked [from {group}]",
        "a contact has to leave a group",
        doc="Fires for each group, or for one.",
        example='on group access revoked from "Founders" do remove tag "founder"',
        slots=(_GROUP,),
        payload={"group": TEXT},
        sample={"group": "Founders"},
        rows=(69,),
    ),
)
