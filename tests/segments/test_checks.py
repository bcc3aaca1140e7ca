"""What the checker makes of segments, statuses, health and rules without `on`, and what it says about mistakes."""

from __future__ import annotations

import re
from random import Random

import pytest

from rulelang.editor.completion import complete
from rulelang.editor.hover import hover
from rulelang.plan.codec import decode, encode
from rulelang.plan.followed import AbsencePlan, Beginning, HealthPart, SegmentPart, StatusPart
from rulelang.plan.ir import Get, Lit, Op
from rulelang.source import Source
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.following import follow
from runtime.model import SubjectKey
from tests.support.process import ROOT
from tests.support.rules import Story, catalogue


def loaded(text: str) -> CheckedWorkspace:
    return load_workspace({"a.rules": text}, catalogue())


def mistakes(text: str) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in loaded(text).diagnostics]


def names(text: str, kind: str = "contact") -> list[str]:
    """What is computed, in the order in which it is."""
    found = []
    for part in loaded(text).schema.computed[kind].parts:
        match part:
            case SegmentPart(name):
                found.append(name)
            case StatusPart():
                found.append("status")
            case HealthPart():
                found.append("health")
    return found


def test_each_part_comes_behind_those_that_it_reads() -> None:
    text = (
        'segment "Top" for contact: in segment "Middle" and status = cold\n'
        'segment "Middle" for contact: not in segment "Low" or health = bad\n'
        'segment "Low" for contact: score >= 80\n'
        "status for contact: warm, cold when health = bad\n"
        "health for contact: good from 50, bad\n"
    )
    order = names(text)
    assert sorted(order) == ["Low", "Middle", "Top", "health", "status"]
    for before, after in (("Low", "Middle"), ("health", "status"), ("Middle", "Top"), ("status", "Top")):
        assert order.index(before) < order.index(after)


def test_a_ring_is_named_with_its_path_and_breaks_nothing_else() -> None:
    text = (
        'segment "A" for contact: in segment "B"\n'
        'segment "B" for contact: status = cold\n'
        'status for contact: warm, cold when in segment "A"\n'
        'segment "C" for contact: score > 1\n'
    )
    (found,) = mistakes(text)
    ring = 'segment "A" → segment "B" → status for contact → segment "A"'
    assert found == ("E0151", f'segment "A" depends on itself: {ring}')
    assert names(text) == ["C"]


def test_a_long_chain_of_segments_is_no_trouble() -> None:
    lines = [f'segment "S{n}" for contact: in segment "S{n + 1}"' for n in range(3000)]
    text = "\n".join([*lines, 'segment "S3000" for contact: score > 1'])
    assert names(text)[:2] == ["S3000", "S2999"]


def test_contacts_may_look_at_segments_of_their_account_but_not_the_other_way_round() -> None:
    text = 'segment "A" for account: employees > 5\nsegment "C" for contact: account in segment "A"\n'
    assert mistakes(text) == []
    (wrong,) = mistakes('segment "C" for contact: score > 5\nsegment "A" for account: in segment "C"')
    assert wrong == ("E0150", "no segment of an account is called `C`")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('segment "A" for contact: in segment "B"', "E0150"),
        ('segment "A" for contact: email in segment "A"', "E0155"),
        ('segment "A" for contact: count(order placed in 3) > 1', "E0506"),
        ('segment "A" for contact: count(birthday at 9:00 in 3d) > 1', "E0154"),
        ('segment "A" for contact: last(order placed in 3d) < now', "E0154"),
        ('segment "A" for contact: sum(order placed in 3d) > 1', "E0154"),
        ('segment "A" for contact: count(opportunity stale for 3d in 3d) > 1', "E0154 E0409"),
        ('segment "A" for contact: hour(now) > 9', "E0152"),
        ('segment "A" for contact: score > 1\nsegment "A" for contact: score > 2', "E0101"),
        ("status for contact: a, b when nonsense > 3", "E0201"),
        ("health for account: fine from 3, bad", "E0156"),
        ("health for account: good from 3, average", ""),
        ("tags: vip when score > 3", "E0107 E0108"),
        ("when score >= 80 for score do mark dnc", "E0506"),
        ('rule "x"\n  takes n: number\n  when score > 1 for 3d\ndo mark dnc', "E0157"),
        ("on absence of nonsense for 7d after invoice sent do mark dnc", "E0401"),
        ("on absence of birthday for 7d after invoice sent do mark dnc", "E0158"),
        ("on invoice sent where amount > 3 do mark dnc", "E0015"),
    ],
)
def test_mistakes_are_told(text: str, code: str) -> None:
    found = {c for c, _ in mistakes(text)}
    assert found == set(code.split()), found


def test_two_segments_of_one_name_for_two_kinds_are_two_segments() -> None:
    text = 'segment "A" for contact: score > 1\nsegment "A" for account: score > 1\n'
    assert mistakes(text) == []
    assert (names(text), names(text, "account")) == (["A"], ["A"])


def test_a_plan_that_begins_by_a_condition_survives_storage_and_others_are_what_they_were() -> None:
    text = (
        'rule "Hot" for contact\n  when score >= 80 for 3d\ndo\n  add tag "x"\nend\n'
        'rule "Late" on absence of payment received for 7d after invoice sent do add tag "y"\n'
        'rule "Old" on tag added "x" when score > 3 do mark dnc\n'
    )
    hot, late, old = loaded(text).plans
    assert hot.begins == Beginning(Op("ge", (Get(("contact", "score")), Lit(80))), "3d")
    assert late.absences == (
        AbsencePlan(
            "payment received for 7d after invoice sent",
            "payment.received",
            "7d",
            "invoice.status_changed",
            None,
            Op("eq", (Get(("awaited", "status")), Lit("sent"))),
        ),
    )
    assert [decode(encode(plan)) for plan in (hot, late, old)] == [hot, late, old]
    assert b"begins" not in encode(old)
    assert b"counts" not in encode(old)


def test_nothing_is_followed_where_nothing_is_declared() -> None:
    workspace = loaded('on tag added "x" do mark dnc\nsegment "Kept" for contact')
    assert follow(workspace.schema, workspace.plans) == {}


def test_what_an_event_cannot_touch_is_not_evaluated() -> None:
    text = "\n".join(f'segment "S{n}" for contact: f{n} >= 1' for n in range(50))
    fields = "\n".join(f"  f{n}: number" for n in range(50))
    story = Story(f"{text}\nfields for contact\n{fields}\nend")
    key = story.contact()
    story.event("record.updated", fields={"score": 3})
    machine = story.simulation._core.rules.machine
    looked: list[str] = []
    following = machine.following["contact"]
    for node in following.nodes:
        holds = node.holds  # type: ignore[union-attr]
        object.__setattr__(node, "holds", lambda scope, n=node.name, h=holds: looked.append(n) or h(scope))  # type: ignore[union-attr]
    story.event("record.updated", fields={"f7": 3})
    story.event("contact.tag_added", tag="x")
    assert looked == ["S7"]
    state = story.simulation.subject(SubjectKey(*key))
    assert state is not None
    assert state.fields["segments"] == ["S7"]


PIECES = re.findall(
    r'"[^"]*"|\w+|\s+|[^\w\s]',
    "\n".join(
        re.findall(r"^```rules\n(.*?)^```$", (ROOT / "docs/segments.md").read_text("utf-8"), re.M | re.S)
    ),
)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_an_author_writes_is_answered(seed: int) -> None:
    random = Random(seed)
    for _ in range(12):
        pieces = list(PIECES)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(pieces))
            pieces[at : at + random.randint(0, 1)] = random.choice([[], [random.choice(PIECES)]])
        text = "".join(pieces)
        checked = loaded(text)
        assert isinstance(checked.diagnostics, tuple)
        assert all(plan.hash for plan in checked.plans)
        place = random.randrange(len(text))
        complete(checked, Source.of("a.rules", text), place)
        hover(checked, "a.rules", place)
