"""What the clock holds in store for a record: over the API, by `why` and by `next`, from a real server's database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.live import LiveServer, make_files
from tests.support.process import command

SCHEMA = """\
workspace
  time_zone: "Europe/Berlin"
end
fields for contact
  trial_ends: date
end
"""
RULES = """\
rule "Trial ends"
on reminder 3d before trial_ends at 10:00
do
  wait on birthday timeout 3d
  add tag "x"
rule "Birthday" draft on birthday do stop
rule "Report" on every monday at 9:00 do stop
rule "Call" on reminder 2h before task due do stop
"""
TODAY = datetime.now(UTC).date()
SOON, NEAR = TODAY + timedelta(days=30), TODAY + timedelta(days=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace whose server has three contacts: one with a date to come, one with a late one, one without."""
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "rules/a.rules": RULES}
    folder = make_files(tmp_path_factory.mktemp("coming"), files)
    with LiveServer(folder) as server, server.client("events:write", "records:write", "runs:read") as api:
        for id, fields in (
            ("soon", {"trial_ends": str(SOON)}),
            ("late", {"trial_ends": str(NEAR)}),
            ("none", {}),
        ):
            assert api.put(f"/v1/contacts/{id}", json=fields).status_code < 300
        found = api.get("/v1/why", params={"rule": "Trial ends", "subject": "contact:soon"}).json()
        assert found["items"] == []
        (one,) = found["coming"]
        assert one["trigger"] == "reminder 3d before trial_ends at 10:00"
        assert one["local"] == [f"{SOON - timedelta(days=3)}T10:00" + one["local"][0][16:]]
        yield folder


def why(root: Path, rule: str, id: str) -> str:
    done = command("why", rule, "--subject", f"contact:{id}", "--workspace", root)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_why_says_when_a_reminder_fires(root: Path) -> None:
    assert why(root, "Trial ends", "soon") == (
        "`reminder 3d before trial_ends at 10:00` fires next, in Europe/Berlin:\n"
        f"  {SOON - timedelta(days=3)}  10:00\n"
    )


def test_why_says_that_a_reminder_was_due_before_its_date_was_known(root: Path) -> None:
    assert why(root, "Trial ends", "late") == (
        f"`reminder 3d before trial_ends at 10:00` does not fire: `trial_ends` is {NEAR}: the moment was due "
        f"{NEAR - timedelta(days=3)} 10:00 (Europe/Berlin), before the date was known\n"
    )


def test_why_says_what_is_missing(root: Path) -> None:
    assert "does not fire: `trial_ends` is missing\n" in why(root, "Trial ends", "none")
    assert why(root, "Call", "none").endswith("no open task with a due date is known\n")
    assert why(root, "Birthday", "none") == (
        "`Birthday` is draft: it fires once it is live\n"
        "`birthday at 08:00` does not fire: `birth_date` is missing\n"
    )


def test_next_lists_every_trigger_of_the_clock_for_one_record(root: Path) -> None:
    done = command("next", root, "--subject", "contact:soon", "--count", "1", "--from", "2030-01-01")
    assert done.stdout == (
        "`Trial ends`\n"
        f"  `reminder 3d before trial_ends at 10:00` does not fire: `trial_ends` is {SOON}: "
        f"the moment was due {SOON - timedelta(days=3)} 10:00 (Europe/Berlin) and has not come yet\n"
        "`Birthday` (draft)\n"
        "  `birthday at 08:00` does not fire: `birth_date` is missing\n"
        "`Report`\n"
        "  `every monday at 09:00` fires next, in Europe/Berlin:\n"
        "    2030-01-07  09:00\n"
        "`Call`\n"
        "  `reminder 2h before task due` does not fire: no open task with a due date is known\n"
    )
    done = command("next", root, "Trial ends", "--subject", "contact:soon", "--format", "json")
    assert f'"{SOON - timedelta(days=3)}T10:00' in done.stdout


def test_next_without_a_record_says_that_one_is_needed(root: Path) -> None:
    done = command("next", root, "Trial ends")
    assert done.stdout == (
        "`Trial ends`  reminder 3d before trial_ends at 10:00: depends on each record, "
        "name one with --subject contact:ID\n"
    )
    done = command("next", root, "--subject", "contact:nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the database knows no contact with the id 'nobody'" in done.stderr
    assert "exclude each other" in command("next", root, "--subject", "contact:x", "--zone", "UTC").stderr
    assert "--subject is one of contact" in command("next", root, "--subject", "task:x").stderr
