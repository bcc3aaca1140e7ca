"""Composing, the re-parse gate, and the development mailbox, with hostile names throughout."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.model import OutcomeKind
from stdlib_actions.mail.addresses import AddressError, one_line, parse_address
from stdlib_actions.mail.compose import Draft, compose, message_id
from stdlib_actions.mail.gate import mismatch
from stdlib_actions.mail.html_text import text_of
from stdlib_actions.mail.mailbox import MailboxTransport, list_messages, read_message
from stdlib_actions.mail.transport import Envelope

AT = 1_764_000_000_000
HOSTILE = [
    "=?utf-8?b?SGkNCkJjYzogZXZpbEB4LnRlc3Q=?=",
    "=?utf-8?q?Hi=0D=0ABcc=3A_evil=40x=2Etest?=",
    "Ana\r\nBcc: evil@x.test",
    "Ana\nBcc: evil@x.test",
    "Ana\rBcc: evil@x.test",
    "Ana\r\n\r\n<script>alert(1)</script>",
    'Ana" <evil@x.test>, "Bo',
    "Ana <evil@x.test>",
    "Ana, evil@x.test",
    "Ana (comment) ; group: a@b.test;",
    "Ana\u2028Bcc: evil@x.test",
    "Ana\x85Bcc: evil@x.test",
    "Ana\x00\x1b]52;c;aGk=\x07",
    "a" * 500,
    "日本語の名前" * 30,
    "é\ud800x",
    '\\"\\',
    " leading and   many   spaces ",
    "=?utf-8?b?####?= =?x?=",
]


def draft(name: str, subject: str = "Hi", text: str = "Hello\n", html: str = "") -> Draft:
    sender = parse_address("hello@acme.test", "Acme")
    return Draft(
        sender=sender,
        to=(parse_address("ana@example.com", name), parse_address("bo@example.com", name)),
        subject=subject,
        text=text,
        html=html,
        message_id=message_id("run:do.0:0", sender),
        date=AT,
        reply_to=parse_address("reply@acme.test", name),
    )


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("html", ["", "<p>Hello</p>"])
def test_hostile_values_arrive_as_they_are_and_add_nothing(value: str, html: str) -> None:
    meant = draft(value, subject=one_line(value)[:250], text=f"Hello {value}\n", html=html)
    content = compose(meant)
    assert mismatch(meant, content) is None
    head = content.split(b"\r\n\r\n")[0].lower()
    assert b"\r\nbcc" not in head
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert content.isascii()


def test_the_same_draft_gives_the_same_bytes() -> None:
    meant = draft("Ana Ruiz", html="<p>Hello</p>")
    assert compose(meant) == compose(meant)


def test_the_message_id_follows_from_the_key() -> None:
    sender = parse_address("hello@acme.test")
    assert message_id("run:do.0:0", sender) == message_id("run:do.0:0", sender)
    assert message_id("run:do.0:0", sender) != message_id("run:do.1:0", sender)
    assert message_id("k", sender).endswith("@acme.test>")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b"Subject: Hi\r\n", b"Subject: Hi\r\nBcc: evil@x.test\r\n", "other header fields"),
        (b"Subject: Hi\r\n", b"Subject: Hi\r\n there\r\n", "another `Subject`"),
        (b"Subject: Hi\r\n", b"Subject: Hi\r\nSubject: Hi\r\n", "other header fields"),
        (b"<bo@example.com>", b"<evil@example.com>", "other addresses in `To`"),
        (b"<bo@example.com>", b"<bo@example.com>, evil@x.test", "other addresses in `To`"),
        (b"Acme <hello@acme.test>", b"Bank <hello@acme.test>", "other addresses in `From`"),
        (b"\r\n\r\nHello", b"\r\n\r\nGood bye", "another text"),
        (b"text/plain", b"text/html", "other parts"),
    ],
)
def test_the_gate_sees_every_difference(before: bytes, after: bytes, message: str) -> None:
    meant = draft("Ana")
    content = compose(meant)
    assert before in content
    assert message in str(mismatch(meant, content.replace(before, after)))


def test_unsubscribing_by_one_click_is_offered_over_https_alone() -> None:
    import msgspec

    plain = draft("Ana")
    over_https = msgspec.structs.replace(plain, unsubscribe="https://acme.test/u/c_1")
    by_mail = msgspec.structs.replace(plain, unsubscribe="mailto:u@acme.test")
    assert b"List-Unsubscribe" not in compose(plain)
    assert (
        b"List-Unsubscribe: <https://acme.test/u/c_1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"
        in compose(over_https)
    )
    assert b"List-Unsubscribe-Post" not in compose(by_mail)
    assert mismatch(over_https, compose(over_https)) is None


@pytest.mark.parametrize(
    ("text", "email", "name"),
    [
        ("ana@acme.test", "ana@acme.test", ""),
        ("Ana Ruiz <ana@acme.test>", "ana@acme.test", "Ana Ruiz"),
        ('"Ruiz, Ana" <ana@ACME.test>', "ana@acme.test", "Ruiz, Ana"),
        ("ana+tag@sub.acme.test", "ana+tag@sub.acme.test", ""),
        ("ana@bücher.test", "ana@xn--bcher-kva.test", ""),
    ],
)
def test_addresses_that_are_accepted(text: str, email: str, name: str) -> None:
    assert parse_address(text) == (email, name)


@pytest.mark.parametrize(
    "text",
    [
        "", "ana", "@acme.test", "ana@", "ana@acme..test", "a b@acme.test", "ana@acme.test, bo@acme.test", "ana@[127.0.0.1]",
        '"a b"@acme.test', "ana@acme.test\r\nBcc: x@y.test", "ana(c)@acme.test", "ana@acme_.test", "anä@acme.test", ".a@acme.test",
        "a@" + "b" * 300 + ".test", "a" * 65 + "@acme.test", "ana@acme.test>", "<ana@acme.test> x", "ana@-acme.test",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)


def test_html_reads_as_text() -> None:
    html = (
        "<html><head><title>x</title><style>p{}</style></head><body><h1>Hi &amp; welcome</h1><p>See <a href='https://acme.test/x'>the page</a>"
        " or <a href='https://acme.test'>https://acme.test</a>.</p><ul><li>one<li>two</ul><script>alert(1)</script><p>a<br>b</body>"
    )
    assert text_of(html) == (
        "Hi & welcome\n\nSee the page (https://acme.test/x) or https://acme.test.\n\n- one\n- two\n\na\nb\n"
    )


@pytest.mark.parametrize(
    "html", ["<", "<a", "</a></p>" * 100, "<a href=x>" * 1000, "&#0;&#xD800;<![CDATA[x", "<!--", "\x00<p>"]
)
def test_broken_html_is_still_text(html: str) -> None:
    assert isinstance(text_of(html), str)


# --- the mailbox -----------------------------------------------------------------------------------


async def deliver(directory: Path, key: str, at: int = AT, content: bytes | None = None) -> str:
    body = compose(draft("Ana")) if content is None else content
    outcome = await MailboxTransport(directory).send(
        Envelope("hello@acme.test", ("ana@example.com",), body, key, at)
    )
    assert outcome.kind == OutcomeKind.DONE
    return str(outcome.result["mailbox"])


async def test_a_message_can_be_read_back(tmp_path: Path) -> None:
    content = compose(draft("Ünal", subject="Grüße", text="Hello\n.\nFrom me\n", html="<p>Hello</p>"))
    name = await deliver(tmp_path / "box", "k", content=content)
    message = read_message(tmp_path / "box", name)
    assert message is not None
    assert (message.subject, message.date) == ("Grüße", "2025-11-24T16:00:00Z")
    assert message.to == "Ünal <ana@example.com>, Ünal <bo@example.com>"
    assert message.text == "Hello\n.\nFrom me\n"
    assert message.html == "<p>Hello</p>\n"
    assert (tmp_path / "box" / f"{name}.eml").read_bytes() == content


async def test_a_repeat_overwrites_itself(tmp_path: Path) -> None:
    first, again, other = [await deliver(tmp_path, key) for key in ("k", "k", "l")]
    assert first == again != other
    assert {path.name for path in tmp_path.iterdir()} == {f"{first}.eml", f"{other}.eml"}


async def test_the_newest_come_first_up_to_the_limit(tmp_path: Path) -> None:
    names = [await deliver(tmp_path, f"k{i}", AT + i * 1000) for i in range(5)]
    assert [m.id for m in list_messages(tmp_path, limit=3)] == names[:1:-1]


@pytest.mark.parametrize(
    "id", ["", "x", "../secret", "000000000000000-" + "0" * 31, "0" * 15 + "-" + "0" * 32 + "/../x"]
)
def test_an_id_that_is_none_of_ours_reads_nothing(tmp_path: Path, id: str) -> None:
    (tmp_path.parent / "secret.eml").write_bytes(b"Subject: no\r\n\r\n")
    assert read_message(tmp_path, id) is None


def test_a_mailbox_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert list_messages(tmp_path / "none") == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe\x00", b"Subject: =?utf-8?b?//////8=?=\r\n\r\n\xff", b"Date: never\r\nFrom: <<<>>>,,;\r\n\r\nx",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xe9", b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!", b"Subject: a\x1b]52;c;aGk=\x07b\r\n\r\n\x1b[31m",
        b"Content-Type: message/rfc822\r\n\r\n" * 50, b"To: " + b"a@b.test, " * 5000 + b"\r\n\r\n",
    ],
)  # fmt: skip
async def test_hostile_files_are_shown_without_harm(tmp_path: Path, content: bytes) -> None:
    name = await deliver(tmp_path, "k", content=content)
    message = read_message(tmp_path, name)
    assert message is not None
    shown = message.subject + message.sender + message.to + message.text + message.html
    assert "\x1b" not in shown
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert len(list_messages(tmp_path)) == 1
