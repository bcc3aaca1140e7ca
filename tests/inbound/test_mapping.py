"""Mappings in text, and what is wrong with settings before anybody calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.inbound import Map
from runtime.settings import SettingsError, load_settings
from web.inbound.delivery import Delivery
from web.inbound.mapping import at, mapped

SOURCE = {"body": {"a": [{"b": "found"}], "n": 0}, "query": {"q": "1"}, "header": {"x-id": "7"}}


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("body.a[0].b", "found"),
        ("body.a[1].b", None),
        ("body.a.b", None),
        ("body.n", 0),
        ("body.n.more", None),
        ("query.q", "1"),
        ("header.X-Id", "7"),
        ("'text'", "text"),
        ("''", ""),
        ("body", SOURCE["body"]),
    ],
)
def test_places(place: str, found: Any) -> None:
    assert at(place, SOURCE) == found


def delivery(body: bytes, media: str = "application/json") -> Delivery:
    return Delivery("POST", "http://x.test/in/a", {}, {}, body, 0.0, media)


def test_a_list_is_many_events_with_ids_of_their_own() -> None:
    map = Map(
        type="body.item.kind",
        subject={"email": "body.item.mail"},
        data={"shop": "body.all.shop"},
        each="body.items",
    )
    body = {"shop": "s", "items": [{"mail": f"{n}@x.test", "kind": "shop.ordered"} for n in range(2)]}
    events = mapped(map, delivery(json.dumps(body).encode()))
    assert [event["subject"]["email"] for event in events] == ["0@x.test", "1@x.test"]
    assert {event["type"] for event in events} == {"shop.ordered"}
    assert {event["data"]["shop"] for event in events} == {"s"}
    assert len({event["id"] for event in events}) == 2


def test_a_form_is_a_body() -> None:
    map = Map(type="form.submitted", subject={"email": "body.mail"})
    (event,) = mapped(map, delivery(b"mail=ana%40x.test&b=", "application/x-www-form-urlencoded"))
    assert event["subject"] == {"kind": "contact", "email": "ana@x.test"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[in.a]\nsender = "stripe"', "needs `secret_env` or `secret_file`"),
        ('[in.a]\nsender = "strip"\nsecret_env = "S"', "sender"),
        ('[in.a]\nsender = "stripe"\nsecret_env = "S"\ncontact = "body.x"', 'for `sender = "generic"`'),
        ('[in.a]\nsender = "generic"\nsecret_env = "S"', "needs `map`, or `contact`"),
        ('[in.a]\nsender = "generic"\nsecret_env = "S"\ncontact = "email"', "a place such as `body.email`"),
        ('[in.a]\nsender = "stripe"\nsecret_env = "S"\nverify = "basic"', "`verify` means nothing here"),
        ('[in.a]\nsender = "stripe"\nsecret_env = "S"\nurl = "https://x.test"', 'for `sender = "twilio"`'),
        ('[in.a]\nsender = "stripe"\nsecret_env = "S"\ntoken_env = "T"', 'for `sender = "meta"`'),
        (
            '[in.a]\nsender = "generic"\nsecret_env = "S"\ncontact = "body.a"\nverify = "basic"\nheader = "X"',
            "`basic` has its own",
        ),
        (
            '[in.a]\nsender = "generic"\nsecret_env = "S"\ncontact = "body.a"\nmap = {type = "x", subject = {id = "body.p"}}',
            "`map` names the subject",
        ),
        ('[in.A]\nsender = "stripe"\nsecret_env = "S"', "lower-case letters"),
        ('[in.a]\nsender = "stripe"\nsecret_env = "S"\nsecrets = 1', "secrets"),
        (
            '[in.a]\nsender = "generic"\nsecret_env = "S"\nmap = {type = "x", subject = {phone = "body.p"}}',
            "by one of id, email, external_id",
        ),
        (
            '[in.a]\nsender = "generic"\nsecret_env = "S"\nmap = {type = "x", subject = {id = "p"}}',
            "`in.a.map.subject.id` is a place",
        ),
    ],
)
def test_settings_that_cannot_work_say_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "rulelang.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {})
    assert said in str(caught.value)
