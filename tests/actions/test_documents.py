"""Documents over a real server: set as PDF and looked at, numbered, sent along, read and signed by a link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pypdfium2
import pytest

from runtime.actions import ActionError
from stdlib_actions.documents.store import DocumentStore
from stdlib_actions.documents.typeset import typeset
from tests.support.live import SCHEMA, LiveServer, make_files, problem, wait_for
from tests.support.smtp_receiver import SmtpReceiver, message_to, receiving

RULES = """
rule "Contract" for contact
  on tag added "contract"
do
  let doc = attach contract("standard") with amount = 1200
  send email template("offer", attach: doc.id)
  wait on document signed where document_id = doc.id timeout 5d do
    set plan_name = "signed"
  else
    set plan_name = "not signed"
  end
end

rule "Invoice" for contact
  on tag added "invoice"
  enrol every time
do
  let doc = attach invoice("bill")
  send email template("offer", attach: [doc.id, "terms.txt"])
end

rule "Missing" for contact
  on tag added "missing"
do
  attach form("nothing") on error continue
  send email template("offer", attach: "nothing") on error continue
  add tag "done"
end

rule "Short" for contact
  on tag added "short"
do
  let doc = attach proposal("terms", expires: 0s)
  set plan_name = doc.link
end
"""
STANDARD = """#let d = json(bytes(sys.inputs.data))
#set page(width: 12cm, height: 8cm, fill: rgb("ffffff"))
= Contract
Between #d.workspace.name and *#d.contact.first_name*, for #d.values.amount euro.
#place(bottom + right, rect(width: 2cm, height: 2cm, fill: rgb("d01010")))
"""
BILL = """#let d = json(bytes(sys.inputs.data))
= Invoice no. #d.number
"""
OFFER = "---\nsubject: Your papers\n---\nHello, they are attached.\n"


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

[smtp]
host = "127.0.0.1"
port = {receiver.port}
tls = "none"
"""
    files = {
        "schema.rules": SCHEMA,
        "rules/all.rules": RULES,
        "templates/offer.liquid": OFFER,
        "documents/standard.typ": STANDARD,
        "documents/bill.typ": BILL,
        "documents/terms.txt": "The terms.\n",
        "rulelang.toml": settings,
    }
    with LiveServer(make_files(tmp_path_factory.mktemp("documents"), files)) as running:
        yield running


@pytest.fixture
def api(server: LiveServer) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def started(api: httpx.Client, contact: str, tag: str) -> str:
    fields = {"email": f"{contact}@x.test", "first_name": "Léa"}
    api.put(f"/v1/contacts/{contact}", json=fields).raise_for_status()
    event = {"type": "contact.tag_added", "contact_id": contact, "data": {"tag": tag}}
    (run,) = api.post("/v1/events", json=event).json()["runs"]
    return str(run)


def arrived(receiver: SmtpReceiver, contact: str) -> EmailMessage:
    return message_to(receiver, f"{contact}@x.test")[0]


def result(api: httpx.Client, run: str, action: str) -> dict[str, Any]:
    effects = api.get(f"/v1/runs/{run}").json()["effects"]
    return next(dict(effect["result"]) for effect in effects if effect["action"] == action)


def words(pdf: bytes) -> str:
    page = pypdfium2.PdfDocument(pdf)[0]
    return str(page.get_textpage().get_text_range())


def colour(image: pypdfium2.PdfBitmap, x: int, y: int) -> tuple[int, int, int]:
    """Red, green and blue of one place; the library keeps them the other way round."""
    at = y * image.stride + x * image.n_channels
    blue, green, red = bytes(image.buffer)[at : at + 3]
    return red, green, blue


def field(api: httpx.Client, contact: str, name: str) -> Any:
    return api.get(f"/v1/contacts/{contact}").json()["fields"].get(name)


def test_a_contract_is_generated_sent_signed_and_the_run_goes_on(
    server: LiveServer, api: httpx.Client, receiver: SmtpReceiver
) -> None:
    run = started(api, "p_1", "contract")
    (file,) = list(arrived(receiver, "p_1").iter_attachments())
    assert file.get_filename() == "standard.pdf"
    assert file.get_content_type() == "application/pdf"
    pdf = file.get_content()
    assert "Between Acme and Léa, for 1200 euro." in words(pdf)
    page_seen = pypdfium2.PdfDocument(pdf)[0].render(scale=1)
    assert colour(page_seen, 5, page_seen.height // 2) == (255, 255, 255)
    red, _, blue = colour(page_seen, page_seen.width - 55, page_seen.height - 55)
    assert red > 150 > blue
    link = urlsplit(result(api, run, "attach_contract")["link"]).path
    with server.stranger() as client:
        page = client.get(link).text
        assert "Read it" in page
        assert client.get(f"{link}/file").content == pdf
        problem(client.post(link, data={"decision": "signed"}), 422)
        assert "Signed" in client.post(link, data={"decision": "signed", "name": "Léa Martin"}).text
    assert wait_for(lambda: field(api, "p_1", "plan_name")) == "signed"


def test_signed_elsewhere_comes_back_by_its_event(api: httpx.Client, receiver: SmtpReceiver) -> None:
    run = started(api, "p_2", "contract")
    arrived(receiver, "p_2")
    id = result(api, run, "attach_contract")["id"]
    data = {"document_id": id, "status": "signed"}
    event = {"type": "document.status_changed", "contact_id": "p_2", "data": data}
    wait_for(lambda: api.get(f"/v1/runs/{run}").json()["status"] == "waiting")
    api.post("/v1/events", json=event).raise_for_status()
    assert wait_for(lambda: field(api, "p_2", "plan_name")) == "signed"


def test_invoices_have_numbers_without_gaps(api: httpx.Client, receiver: SmtpReceiver) -> None:
    runs = [started(api, f"i_{n}", "invoice") for n in range(5)]
    for n, run in enumerate(runs, 1):
        first, second = arrived(receiver, f"i_{n - 1}").iter_attachments()
        assert first.get_filename() == f"invoice-{n}.pdf"
        assert f"Invoice no. {n}" in words(first.get_content())
        assert second.get_content() == "The terms.\n"
        assert result(api, run, "attach_invoice")["number"] == n


def test_what_is_missing_is_said(api: httpx.Client) -> None:
    run = started(api, "m_1", "missing")
    wait_for(lambda: api.get(f"/v1/runs/{run}").json()["status"] == "completed")
    text = api.get(f"/v1/runs/{run}").text
    assert text.count("there is no document `nothing`") >= 2


def test_a_link_works_until_its_time_is_up(server: LiveServer, api: httpx.Client) -> None:
    started(api, "s_1", "short")
    link = wait_for(lambda: field(api, "s_1", "plan_name"))
    with server.stranger() as client:
        assert client.get(urlsplit(link).path).status_code == 410


@pytest.mark.parametrize(
    "name", ["../rulelang.toml", "/etc/passwd", "..", ".hidden", "a/b", "", "x\0", "standard\n"]
)
def test_names_that_lead_elsewhere(server: LiveServer, name: str) -> None:
    with pytest.raises(ActionError):
        DocumentStore(server.root, keeps=True).source(name)


def test_a_link_out_of_the_library_is_not_followed(tmp_path: Path) -> None:
    make_files(tmp_path, {"documents/a.txt": "a", "secret.txt": "s"})
    (tmp_path / "documents" / "b.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(ActionError):
        DocumentStore(tmp_path, keeps=True).source("b.txt")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('#import "@preview/cetz:0.2.0"', "imports a package"),
        ("#include '@local/x:1.0.0'", "imports a package"),
        ('#read("/etc/passwd")', "cannot be set"),
        ('#read("../secret.txt")', "cannot be set"),
        ("#let", "cannot be set"),
    ],
)
def test_templates_reach_nothing_outside(tmp_path: Path, source: str, said: str) -> None:
    make_files(tmp_path, {"documents/a.typ": source, "secret.txt": "s"})
    with pytest.raises(ActionError, match=re.escape(said)):
        typeset(tmp_path / "documents" / "a.typ", {})
