"""Triggers of courses, offers, products and members' logins."""

from __future__ import annotations

from rulelang.catalog.model import JSON, Trigger
from rulelang.catalog.triggers.parts import Slot, slot, trigger
from rulelang.types.model import DATETIME, PERCENT, TEXT, Type

_OF_PRODUCT = slot("product", "the product")
_OFFER = slot("offer", "the offer")


def _course(
    name: str,
    phrase: str,
    summary: str,
    row: int,
    slots: tuple[Slot, ...],
    payload: dict[str, Type],
    sample: dict[str, JSON],
    example: str,
    more: str = "",
) -> Trigger:
    names = ", ".join(f"`event.{key}`" for key in payload)
    doc = f"Fires each time {summary}. {more or 'The words in brackets narrow it to one.'} Conditions may use {names}."
    return trigger(
        name,
        phrase,
        summary,
        doc=doc,
        example=example,
        slots=slots,
        payload=payload,
        sample=sample,
        rows=(row,),
    )


_CATEGORY: dict[str, Type] = {"product": TEXT, "category": TEXT}
_CATEGORY_SAMPLE = {"product": "Academy", "category": "Basics"}
_LESSON = _CATEGORY | {"lesson": TEXT}
_LESSON_SAMPLE = _CATEGORY_SAMPLE | {"lesson": "First steps"}

TRIGGERS = (
    _course(
        "course.category_started",
        "category started [of {product}]",
        "a contact begins a category of a course",
        41,
        (_OF_PRODUCT,),
        _CATEGORY,
        _CATEGORY_SAMPLE,
        'on category started of "Academy" when event.category = "Basics" do add tag "learning"',
    ),
    _course(
        "course.category_completed",
        "category completed [of {product}]",
        "a contact finishes a category of a course",
        42,
        (_OF_PRODUCT,),
        _CATEGORY,
        _CATEGORY_SAMPLE,
        'on category completed when event.product in ["Academy", "Basics"] do set score = score + 5',
    ),
    _course(
        "course.lesson_started",
        "lesson started [of {product}]",
        "a contact begins a lesson",
        43,
        (_OF_PRODUCT,),
        _LESSON,
        _LESSON_SAMPLE,
        'on lesson started of "Academy" do add tag "learning"',
    ),
    _course(
        "course.lesson_completed",
        "lesson completed [of {product}]",
        "a contact finishes a lesson",
        44,
        (_OF_PRODUCT,),
        _LESSON,
        _LESSON_SAMPLE,
        'on lesson completed of "Academy" when event.lesson = "First steps" do set score = score + 1',
    ),
    _course(
        "course.signed_up",
        "course signup [for {offer}]",
        "a contact signs up for a course",
        45,
        (_OFFER,),
        {"offer": TEXT, "product": TEXT},
        {"offer": "Academy yearly", "product": "Academy"},
        'on course signup for "Academy yearly" do add tag "student"',
    ),
    _course(
        "offer.access_granted",
        "offer access granted [to {offer}]",
        "a contact gets access to an offer",
        46,
        (_OFFER,),
        {"offer": TEXT, "expires_at": DATETIME},
        {"offer": "Academy yearly", "expires_at": "2027-03-01T00:00:00.000Z"},
        'on offer access granted to "Academy yearly" do add tag "student"',
    ),
    _course(
        "offer.access_removed",
        "offer access removed [from {offer}]",
        "a contact loses access to an offer",
        47,
        (_OFFER,),
        {"offer": TEXT, "reason": TEXT},
        {"offer": "Academy yearly", "reason": "expired"},
        'on offer access removed from "Academy yearly" when event.reason = "expired" do remove tag "student"',
    ),
    _course(
        "product.access_granted",
        "product access granted [to {product}]",
        "a contact gets access to a product",
        48,
        (_OF_PRODUCT,),
        {"product": TEXT},
        {"product": "Academy"},
        'on product access granted to "Academy" do add tag "student"',
    ),
    _course(
        "product.access_removed",
        "product access removed [from {product}]",
        "a contact loses access to a product",
        49,
        (_OF_PRODUCT,),
        {"product": TEXT},
        {"product": "Academy"},
        'on product access removed from "Academy" do remove tag "student"',
    ),
    _course(
        "course.started",
        "course started [of {product}]",
        "a contact begins a course",
        50,
        (_OF_PRODUCT,),
        {"product": TEXT},
        {"product": "Academy"},
        'on course started of "Academy" do add tag "learning"',
    ),
    _course(
        "course.completed",
        "course completed [of {product}]",
        "a contact finishes a course",
        51,
        (_OF_PRODUCT,),
        {"product": TEXT, "percent": PERCENT},
        {"product": "Academy", "percent": 100},
        'on course completed of "Academy" when event.percent >= 90% do add tag "graduate"',
    ),
    _course(
        "user.logged_in",
        "user login [to {portal}]",
        "a contact logs in",
        52,
        (slot("portal", "the portal"),),
        {"portal": TEXT, "at": DATETIME},
        {"portal": "Academy", "at": "2026-03-02T09:00:00.000Z"},
        'on user login to "Academy" do set score = score + 1',
    ),
    _course(
        "certificate.issued",
        "certificate issued [for {product}]",
        "a contact gets a certificate",
        53,
        (_OF_PRODUCT,),
        {"certificate_id": TEXT, "product": TEXT},
        {"certificate_id": "ce_1", "product": "Academy"},
        'on certificate issued for "Academy" do add tag "certified"',
    ),
)
