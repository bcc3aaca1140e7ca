"""CSV files of records as people save them: what is taken, and what the report says of the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.live import problem

NewId = Callable[[], str]


def send(api: httpx.Client, text: str | bytes, kind: str = "contacts", **more: Any) -> httpx.Response:
    headers = {"Content-Type": "text/csv", **more.pop("headers", {})}
    return api.post(f"/v1/{kind}/import", content=text, headers=headers, **more)


def taken(api: httpx.Client, text: str | bytes, **more: Any) -> dict[str, Any]:
    answer = send(api, text, **more)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def fields(api: httpx.Client, contact: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v1/contacts/{contact}").json()["fields"]
    return found


def test_good_lines_are_taken_and_others_reported(api: httpx.Client, new_id: NewId) -> None:
    one, two, three, four = (new_id() for _ in range(4))
    text = (
        "id,status,score,first_name\n"
        f"{one},trial,82,Léa\n"
        f"{two},gone,10,Tom\n"
        "\n"
        f"{three},trial,many,Mia\n"
        f"{four},trial,1,Jo,more\n"
        ",trial,1,Nobody\n"
    )
    report = taken(api, text)
    assert (report["taken"], report["repeated"], report["refused_count"], report["runs"]) == (1, 0, 4, 0)
    assert [(r["line"], r["column"]) for r in report["refused"]] == [
        (3, "status"),
        (5, "score"),
        (6, ""),
        (7, ""),
    ]
    assert all(r["detail"] for r in report["refused"])
    assert fields(api, one).items() >= {"first_name": "Léa", "score": 82, "status": "trial"}.items()
    assert api.get(f"/v1/contacts/{two}").status_code == 404


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_spellings_of_spreadsheets(
    api: httpx.Client, new_id: NewId, separator: str, end: str, mark: str
) -> None:
    contact = new_id()
    lines = ["ID,First Name,plan_name", f'{contact},"Ana, ""A""",gold']
    text = mark + end.join(lines).replace(",", separator) + end
    assert taken(api, text)["taken"] == 1
    found = fields(api, contact)
    assert found["first_name"] == f'Ana{separator} "A"'
    assert found["plan_name"] == "gold"


def test_empty_cells_leave_a_field_as_it_is(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    taken(api, f"id,first_name,city\n{contact},Ana,Lyon\n")
    taken(api, f"id,first_name,city\n{contact},Anna,\n")
    assert fields(api, contact).items() >= {"first_name": "Anna", "city": "Lyon"}.items()


def test_records_are_found_by_their_address(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    api.put(f"/v1/contacts/{contact}", json={"email": f"{contact}@x.test"})
    assert taken(api, f"email,city\n{contact.upper()}@X.test,Lyon\n")["taken"] == 1
    assert fields(api, contact)["city"] == "Lyon"


def test_lists_and_numbers_in_cells(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    taken(api, f"id,tags,qualified,score\n{contact},vip; news,yes,1.5\n")
    found = fields(api, contact)
    assert (found["tags"], found["qualified"], found["score"]) == (["vip", "news"], True, 1.5)


def test_rules_see_an_import_unless_told_not_to(api: httpx.Client, new_id: NewId) -> None:
    seen, unseen = new_id(), new_id()
    assert taken(api, f"id,email,tags\n{seen},{seen}@x.test,write\n")["runs"] == 1
    assert taken(api, f"id,tags\n{unseen},write\n", params={"rules": "skip"})["runs"] == 0
    assert fields(api, unseen)["tags"] == ["write"]


def test_a_quote_that_is_never_closed_costs_one_line_and_is_reported(
    api: httpx.Client, new_id: NewId
) -> None:
    one, two = new_id(), new_id()
    report = taken(api, f'id,city\n{one},Lyon\n{two},"Paris\n{new_id()},Nice\n')
    assert report["taken"] == 1
    assert [(r["line"], r["detail"]) for r in report["refused"]] == [
        (3, "a quote that opens here is never closed")
    ]


def test_a_broken_line_does_not_take_the_next_with_it(api: httpx.Client, new_id: NewId) -> None:
    two = new_id()
    report = taken(api, f'id,city\n{new_id()},"Ly"on\n{two},Nice\n')
    assert [r["line"] for r in report["refused"]] == [2]
    assert fields(api, two)["city"] == "Nice"


def test_a_cell_of_several_lines_counts_from_its_first(api: httpx.Client, new_id: NewId) -> None:
    report = taken(api, f'id,street,score\n{new_id()},"a\nb\nc",x\n{new_id()},d,y\n')
    assert [r["line"] for r in report["refused"]] == [2, 5]


def test_formulas_are_kept_as_the_text_they_are(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    taken(api, f'id,city\n{contact},"=HYPERLINK(""http://x.test"")"\n')
    assert fields(api, contact)["city"] == '=HYPERLINK("http://x.test")'


def test_the_same_file_under_one_key_is_taken_once(api: httpx.Client, new_id: NewId) -> None:
    contact, headers = new_id(), {"Idempotency-Key": new_id()}
    text = f"id,email,tags\n{contact},{contact}@x.test,write\n"
    assert taken(api, text, headers=headers)["runs"] == 1
    again = taken(api, text, headers=headers)
    assert (again["taken"], again["repeated"], again["runs"]) == (0, 1, 0)
    other = taken(api, text.replace("write", "hook"), headers=headers)
    assert [(r["line"], r["detail"]) for r in other["refused"]] == [
        (2, "this Idempotency-Key was used for another line here")
    ]


def test_many_refused_lines_are_counted_and_the_first_listed(api: httpx.Client) -> None:
    report = taken(api, "id,score\n" + "c_x,many\n" * 1200)
    assert report["refused_count"] == 1200
    assert len(report["refused"]) == 1000


def test_accounts(api: httpx.Client, new_id: NewId) -> None:
    account = new_id()
    assert taken(api, f"external_id,name\n{account},Nord\n", kind="accounts")["taken"] == 1
    found = api.get("/v1/accounts", params={"external_id": account}).json()["items"]
    assert [record["fields"]["name"] for record in found] == ["Nord"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"first_name,city\nAna,Lyon\n", "`id` or `email`"),
        (b"id,city,City\nc,a,b\n", "`city` stands twice"),
        (b"id,city\nc,\xff\n", "UTF-8"),
        (b'id,"city\n', "line 1"),
        ("id,city\n".encode("utf-16"), "UTF-8"),
    ],
)
def test_files_that_are_refused_as_a_whole(api: httpx.Client, text: bytes, says: str) -> None:
    assert says in problem(send(api, text), 400)["detail"]


def test_an_unknown_column_is_reported_for_each_line_that_uses_it(api: httpx.Client, new_id: NewId) -> None:
    report = taken(api, f"id,frist_name\n{new_id()},Ana\n{new_id()},\n")
    assert report["taken"] == 1
    assert [(r["line"], r["column"]) for r in report["refused"]] == [(2, "frist_name")]
    assert "did you mean `first_name`?" in report["refused"][0]["detail"]


def test_a_cell_without_a_column_name(api: httpx.Client, new_id: NewId) -> None:
    report = taken(api, f"id,city,\n{new_id()},Lyon,\n{new_id()},Lyon,lost\n")
    assert [(r["line"], r["detail"]) for r in report["refused"]] == [
        (3, "the line has a cell in a column without a name")
    ]


def test_wrong_parameters_and_media_types(api: httpx.Client) -> None:
    problem(send(api, "id\nc\n", params={"rules": "maybe"}), 400)
    problem(send(api, "id\nc\n", params={"dry_run": "1"}), 400)
    problem(api.post("/v1/contacts/import", content="id\nc\n", headers={"Content-Type": "text/plain"}), 415)
    problem(api.post("/v1/horses/import", content="id\nc\n", headers={"Content-Type": "text/csv"}), 404)


def test_an_address_that_another_record_has_is_told(api: httpx.Client, new_id: NewId) -> None:
    first, second, third = (new_id() for _ in range(3))
    text = f"id,email\n{first},{first}@x.test\n{second},{first}@x.test\n{third},{third}@x.test\n"
    report = taken(api, text)
    assert (report["taken"], report["refused_count"], report["warnings_count"]) == (3, 0, 1)
    told = f"{second}: the email belongs to {first} already"
    assert report["warnings"] == [{"line": 3, "column": "email", "detail": told}]
    update = {"type": "record.updated", "contact_id": third, "data": {"fields": {"email": f"{first}@x.test"}}}
    assert api.post("/v1/events", json=update).json()["warning"].endswith(f"belongs to {first} already")
