"""Links in messages over a real server and a real SMTP receiver: unsubscribing, opens, clicks, copies, styles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from html import unescape
from urllib.parse import urlsplit

import pytest

from runtime.links import Link, Links
from runtime.model import SubjectKey
from tests.support.live import SCHEMA, LiveServer, make_files
from tests.support.smtp_receiver import SmtpReceiver, message_to, receiving

RULES = """
topic "news": legitimate_interest

rule "Write" for contact
  on tag added "write"
do
  send email template("page", cc: owner, bcc: "archive@acme.test")
end

rule "News" for contact
  on tag added "news"
do
  send email template("page", topic: "news")
end

rule "Receipt" for contact
  on tag added "receipt"
do
  send email template("page", transactional: true, track: false)
end
"""
PAGE = """---
subject: Hello
format: html
---
<html><head><style>p { color: #123456 }</style></head><body>
<p>Hello <a href="https://acme.test/pricing?a=1&amp;b=2">prices</a></p></body></html>
"""


@pytest.fixture(scope="module")
def receiver() -> Iterator[SmtpReceiver]:
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, receiver: SmtpReceiver) -> Iterator[LiveServer]:
    settings = f"""
[mail]
transport = "smtp"
from = "Acme <hello@acme.test>"
public_url = "https://rules.acme.test"
track_opens = true
track_clicks = true

[smtp]
host = "127.0.0.1"
port = {receiver.port}
tls = "none"
"""
    files = {
        "schema.rules": SCHEMA,
        "rules/all.rules": RULES,
        "templates/page.liquid": PAGE,
        "rulelang.toml": settings,
    }
    with LiveServer(make_files(tmp_path_factory.mktemp("links"), files)) as running:
        yield running


def sent(
    server: LiveServer, receiver: SmtpReceiver, contact: str, tag: str
) -> tuple[EmailMessage, list[str]]:
    """The message that a rule sends to a contact, and everybody it went to."""
    with server.client() as api:
        fields = {"email": f"{contact}@x.test", "owner": "ana@acme.test"}
        api.put(f"/v1/contacts/{contact}", json=fields).raise_for_status()
        event = {"type": "contact.tag_added", "contact_id": contact, "data": {"tag": tag}}
        api.post("/v1/events", json=event).raise_for_status()
    return message_to(receiver, f"{contact}@x.test")


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def local(server: LiveServer, address: str) -> str:
    """The address of a link, as it is reached here."""
    parts = urlsplit(address)
    assert address.startswith("https://rules.acme.test/")
    return parts.path


def events(server: LiveServer, contact: str, type_: str) -> list[dict[str, object]]:
    found, _ = server.run(server.parts.reader.list_events(50, subject=SubjectKey("contact", contact)))
    return [event.data for event in found if event.type == type_]


def test_styles_are_inlined_and_copies_sent(server: LiveServer, receiver: SmtpReceiver) -> None:
    message, recipients = sent(server, receiver, "l_1", "write")
    assert 'style="color: #123456' in html_of(message).replace("color:#123456", "color: #123456")
    assert message["Cc"].addresses[0].addr_spec == "ana@acme.test"
    assert recipients == ["l_1@x.test", "ana@acme.test", "archive@acme.test"]
    assert "archive" not in message.as_string()


def test_one_click_unsubscribes(server: LiveServer, receiver: SmtpReceiver) -> None:
    message, _ = sent(server, receiver, "l_2", "write")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = local(server, message["List-Unsubscribe"].strip("<>"))
    assert path in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    with server.stranger() as client, server.client() as api:
        assert "Stop these messages?" in client.get(path).text
        assert not api.get("/v1/contacts/l_2").json()["fields"].get("email_opt_out")
        done = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert "no more e-mail" in done.text
        assert api.get("/v1/contacts/l_2").json()["fields"]["email_opt_out"] is True
    (data,) = events(server, "l_2", "email.unsubscribed")
    assert data["rule"] == "Write"
    assert data["template"] == "page"


def test_a_topic_is_left_alone(server: LiveServer, receiver: SmtpReceiver) -> None:
    message, _ = sent(server, receiver, "l_3", "news")
    path = local(server, message["List-Unsubscribe"].strip("<>"))
    with server.stranger() as client, server.client() as api:
        assert "“news”" in client.post(path).text
        fields = api.get("/v1/contacts/l_3").json()["fields"]
    assert fields["subscriptions"]["news"]["subscribed"] is False
    assert not fields.get("email_opt_out")


def test_clicks_and_opens_are_noted(server: LiveServer, receiver: SmtpReceiver) -> None:
    html = html_of(sent(server, receiver, "l_4", "write")[0])
    (link,) = [unescape(a) for a in re.findall(r'href="([^"]+)"', html) if "/c/" in a]
    (pixel,) = [unescape(a) for a in re.findall(r'<img src="([^"]+)"', html)]
    with server.stranger() as client:
        answer = client.get(local(server, link), headers={"User-Agent": "Mozilla/5.0"})
        assert answer.status_code == 302
        assert answer.headers["location"] == "https://acme.test/pricing?a=1&b=2"
        image = client.get(local(server, pixel), headers={"User-Agent": "Mozilla/5.0"})
        assert image.headers["content-type"] == "image/gif"
        assert image.headers["cross-origin-resource-policy"] == "cross-origin"
        client.get(local(server, pixel), headers={"User-Agent": "Barracuda link scanner"})
    (click,) = events(server, "l_4", "email.clicked")
    assert click["url"] == "https://acme.test/pricing?a=1&b=2"
    assert click["rule"] == "Write"
    assert sorted(str(open_["is_bot"]) for open_ in events(server, "l_4", "email.opened")) == [
        "False",
        "True",
    ]


def test_a_receipt_is_not_tracked_and_offers_no_way_out(server: LiveServer, receiver: SmtpReceiver) -> None:
    message, _ = sent(server, receiver, "l_5", "receipt")
    assert "List-Unsubscribe" not in message
    assert "rules.acme.test" not in html_of(message)


@pytest.mark.parametrize("spoil", ["{}x", "x{}", "{}.", ".", "a.b", "{}" + "a" * 5000])
def test_links_that_we_did_not_make_lead_nowhere(server: LiveServer, spoil: str) -> None:
    links = Links("https://rules.acme.test", lambda: "another secret")
    token = links.address(Link("c", "c_1", "m", url="https://evil.test")).rpartition("/")[2]
    with server.stranger() as client:
        for kind in "uoc":
            assert client.get(f"/{kind}/{spoil.format(token)}").status_code == 404
        assert client.get(f"/c/{token}").status_code == 404


def test_a_link_of_one_kind_is_none_of_another() -> None:
    links = Links("https://rules.acme.test/", lambda: "s")
    address = links.address(Link("o", "c_1", "m"))
    assert address.startswith("https://rules.acme.test/o/")
    token = address.rpartition("/")[2]
    assert links.read("o", token) == Link("o", "c_1", "m")
    assert links.read("u", token) is None
