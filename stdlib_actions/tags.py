"""Tags of the subject: `add tag` and `remove tag`."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TAG
from runtime.actions import LocalAction, LocalContext
from runtime.model import JSON

_TAG = Param("tag", TAG, "the tag", role="tag")

DECLARATIONS = (
    Action(
        name="add_tag",
        phrase="add tag {tag}",
        performs=Performs.LOCAL,
        summary="add a tag",
        doc="Adds a tag to the subject. A tag that it already has changes nothing and starts no other rule.",
        example='on contact created when score > 80 do add tag "hot lead"\n',
        params=(_TAG,),
        idempotent=True,
    ),
    Action(
        name="remove_tag",
        phrase="remove tag {tag}",
        performs=Performs.LOCAL,
        summary="remove a tag",
        doc="Removes a tag from the subject. A tag that it does not have changes nothing.",
        example='on stage enter "Lost" do remove tag "hot lead"\n',
        params=(_TAG,),
        idempotent=True,
    ),
)


def add_tag(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Add the tag."""
    context.add_tag(args["tag"])


def remove_tag(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Remove the tag."""
    context.remove_tag(args["tag"])


LOCAL: Mapping[str, LocalAction] = {"add_tag": add_tag, "remove_tag": remove_tag}
