"""Triggers of web hooks, forms, surveys, videos and pages."""

from __future__ import annotations

from rulelang.catalog.model import Trigger
from rulelang.catalog.triggers.parts import CUSTOMERS, enum, slot, trigger
from rulelang.types.model import ANY, BOOL, PERCENT, RECORD, TEXT, Type

_PLATFORM = enum("platform", "facebook", "instagram", "tiktok", "linkedin")
_LEAD: dict[str, Type] = {
    "platform": _PLATFORM,
    "page_id": TEXT,
    "form_id": TEXT,
    "ad_id": TEXT,
    "fields": RECORD,
}
_LEAD_FORM = slot("form", "the id of the form", path="form_id")


def _lead_form(platform: str, row: int) -> Trigger:
    return trigger(
        f"lead_form.submitted_{platform}",
        f"{platform} lead form submitted [{{form}}]",
        f"a contact sends a lead form of {platform.capitalize()}",
        doc="Fires for each form sent there, or for the one with this id. `event.page_id` is the page, "
        "`event.fields` are the answers: `event.fields.company`.",
        example=f'on {platform} lead form submitted when event.page_id = "p_1" do add tag "{platform}"',
        event="lead_form.submitted",
        slots=(_LEAD_FORM,),
        payload=_LEAD,
        sample={"platform": platform, "page_id": "p_1", "form_id": "f_1", "fields": {"company": "Acme"}},
        rows=(row,),
        where={"platform": platform},
    )


TRIGGERS = (
    trigger(
        "webhook.received",
        "webhook received {hook}",
        "another system calls a web hook of yours",
        doc="Fires for each call of the hook with this id. `event.body` is the JSON that was sent: "
        "`event.body.order.id`; `event.query` and `event.headers` hold the rest of the call.",
        example='on webhook received "shop" when event.body.kind = "order" do add tag "has ordered"',
        subjects=CUSTOMERS,
        slots=(slot("hook", "the id of the hook", path="hook_id"),),
        payload={"hook_id": TEXT, "headers": RECORD, "query": RECORD, "body": ANY},
        sample={"hook_id": "shop", "headers": {}, "query": {"v": "1"}, "body": {"kind": "order"}},
        rows=(16,),
    ),
    trigger(
        "form.submitted",
        "form submitted [{form}] [at {page}]",
        "a contact sends a form",
        doc="Fires for each form, or for the one with this id; `at` narrows it to one page. `event.fields` are the "
        "answers (`event.fields.company`), `event.utm` the campaign (`event.utm.source`), and "
        "`event.terms_accepted` says whether the terms were accepted.",
        example='on form submitted "demo" when event.terms_accepted = true do add tag "wants demo"',
        slots=(slot("form", "the id of the form", path="form_id"), slot("page", "the page it stood on")),
        payload={"form_id": TEXT, "fields": RECORD, "page": TEXT, "utm": RECORD, "terms_accepted": BOOL},
        sample={
            "form_id": "demo",
            "fields": {"company": "Acme"},
            "page": "/demo",
            "utm": {"source": "news"},
            "terms_accepted": True,
        },
        rows=(20,),
    ),
    trigger(
        "survey.submitted",
        "survey submitted [{survey}]",
        "a contact answers a survey",
        doc="Fires for each survey, or for the one with this id. `event.answers` are the answers "
        "(`event.answers.rating`); `event.disqualified` says whether they ruled the contact out.",
        example='on survey submitted "nps" when event.disqualified = false do add tag "answered"',
        slots=(slot("survey", "the id of the survey", path="survey_id"),),
        payload={"survey_id": TEXT, "answers": RECORD, "disqualified": BOOL},
        sample={"survey_id": "nps", "answers": {"rating": 9}, "disqualified": False},
        rows=(21,),
    ),
    trigger(
        "lead_form.submitted",
        "lead form submitted [{form}]",
        "a contact sends a lead form of a social network",
        doc="Fires for the forms of all networks; `event.platform` is facebook, instagram, tiktok or linkedin.",
        example='on lead form submitted when event.platform in [facebook, instagram] do add tag "meta"',
        slots=(_LEAD_FORM,),
        payload=_LEAD,
        sample={"platform": "facebook", "page_id": "p_1", "form_id": "f_1", "fields": {"company": "Acme"}},
    ),
    _lead_form("facebook", 23),
    _lead_form("instagram", 24),
    _lead_form("tiktok", 25),
    _lead_form("linkedin", 29),
    trigger(
        "video.progressed",
        "video watched [{video}] [to {percent}]",
        "a contact watches a video",
        doc="Fires each time the player reports how far it came, usually at 25, 50, 75 and 100 %. `to` fires when it "
        "has come that far or farther. `event.funnel_id` is the funnel that the video belongs to.",
        example='on video watched "tour" to 75% when event.funnel_id = "launch" do set score = score + 5',
        slots=(
            slot("video", "the id of the video", path="video_id"),
            slot("percent", "how far it was watched", PERCENT, op="ge"),
        ),
        payload={"video_id": TEXT, "funnel_id": TEXT, "percent": PERCENT},
        sample={"video_id": "tour", "funnel_id": "launch", "percent": 75},
        rows=(26,),
    ),
    trigger(
        "page.viewed",
        "page viewed [{page}]",
        "a contact looks at a page",
        doc="Fires for each page, or for the one with this name. `event.site` is the funnel or web site, "
        "`event.path` the path of the address, `event.utm` the campaign (`event.utm.campaign`).",
        example='on page viewed when event.path starts with "/pricing" do set score = score + 1',
        slots=(slot("page", "the page"),),
        payload={"site": TEXT, "page": TEXT, "path": TEXT, "utm": RECORD, "referrer": TEXT},
        sample={"site": "acme.test", "page": "pricing", "path": "/pricing", "utm": {"source": "news"}},
        rows=(30,),
    ),
)
