"""Pictures of rules: every step once, nothing over anything else, texts as texts, the way of a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulelang.picture.build import picture
from rulelang.picture.layout import Box, layout
from rulelang.picture.marks import marks, told_by
from rulelang.picture.mermaid import mermaid
from rulelang.picture.model import Fork, Item, Loop, Mark, Node, Picture, Shape
from rulelang.picture.style import CSS
from rulelang.picture.svg import svg
from rulelang.plan.model import Plan
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue
from tests.support.rules import Story

ROOT = Path(__file__).parents[2]
CLASSIC = (ROOT / "tests/plan/classics/journey.rules").read_text("utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def plan_of(text: str) -> Plan:
    """The plan of the first rule of a text without mistakes."""
    workspace = load_workspace({"x.rules": text}, catalogue())
    assert [d.message for d in workspace.diagnostics if d.is_error] == []
    return workspace.plans[0]


def rule(*lines: str) -> Picture:
    """The picture of a rule with these steps."""
    steps = "\n".join(f"  {line}" for line in lines)
    return picture(plan_of(f'rule "x" for contact\n  on tag added "go"\ndo\n{steps}\nend\n'))


def nodes(items: tuple[Item, ...]) -> Iterator[Node]:
    """All nodes, from top to bottom and from left to right."""
    for item in items:
        match item:
            case Node():
                yield item
            case Loop(head, inner):
                yield head
                yield from nodes(inner)
            case Fork(head, arms):
                yield head
                for arm in arms:
                    yield from nodes(arm.items)


def steps_drawn(text: str) -> list[str]:
    return [
        g.attrib["data-step"] for g in ElementTree.fromstring(text).iter(f"{SVG}g") if "data-step" in g.attrib
    ]


# --- what is drawn ---------------------------------------------------------------------------------


def test_every_step_is_drawn_once_in_the_words_of_its_author() -> None:
    plan = plan_of(CLASSIC)
    found = picture(plan)
    shown = {node.id: node for node in nodes((*found.items, *found.on_exit))}
    written = {
        key
        for key in plan.spans
        if re.fullmatch(r"(do|on_exit)(\.(\d+|do|error|else|timeout|(on|until|case)\d+))*\.\d+", key)
    }
    # A branch of `parallel` without a condition is drawn as the steps in it.
    assert written - set(shown) == {"do.14.0"}
    assert len(steps_drawn(svg(found))) == len(shown)
    assert shown["do.0"].title == "let limit = score * 2"
    assert shown["do.6"].title == "wait until monday 9:00"
    assert shown["do.6"].detail == "when limit > 3"
    assert shown["do.10"].title == "match status"
    assert shown["do.13"].title == "repeat 3 times"
    for node in shown.values():
        if node.span is not None:
            assert plan.text[slice(*node.span)].split()[0] in (
                "let",
                "wait",
                "label",
                "match",
                "split",
                "repeat",
                "parallel",
                "add",
                "go",
                "stop",
                "set",
                "webhook",
                "goal",
                "start",
                "do",
            )


def test_branches_say_when_they_are_taken() -> None:
    found = rule(
        'if score > 5 then add tag "a" else add tag "b" end',
        "if score > 5 then stop elif score > 1 then stop end",
        'wait on tag added "x" timeout 2d do stop end',
        'split "s" case 40% "A" do stop else stop end',
    )
    labels = [[arm.label for arm in item.arms] for item in found.items if isinstance(item, Fork)]
    assert labels == [
        ["yes", "no"],
        ["score > 5", "score > 1", "else"],
        ['on tag added "x"', "after 2d"],
        ["40 % A", "60 %"],
    ]


def test_the_beginning_tells_triggers_and_conditions() -> None:
    start = picture(plan_of(CLASSIC)).start
    assert start.title == 'event "order"'
    assert start.detail.split("\n")[:2] == ["exit when dnc", "goal when status = customer"]
    assert rule("stop").start.title == 'tag added "go"'


# --- where it is drawn -----------------------------------------------------------------------------

STEPS = st.recursive(
    st.sampled_from(
        [
            'add tag "a"',
            "wait 1h",
            "stop",
            "let x = 1",
            'add tag "some rather long tag, longer than a line has room for it"',
            'add tag "b" when score > 3',
            'send email template("t") after 30m when score > 3',
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("\n".join),
        st.tuples(inner, inner).map(lambda p: f"if score > 1 then\n{p[0]}\nelif score > 0 then\n{p[1]}\nend"),
        inner.map(lambda s: f"split\ncase 50% do\n{s}\nelse\n{s}\nend"),
        inner.map(lambda s: f"repeat 3 times do\n{s}\nend"),
        inner.map(lambda s: f'wait on tag added "x" timeout 2d do\n{s}\nelse\n{s}\nend'),
        st.tuples(inner, inner).map(lambda p: f"parallel\ndo\n{p[0]}\nend\ndo\n{p[1]}\nend\nend"),
        inner.map(lambda s: f'webhook post "https://e.test/" on error do\n{s}\nend'),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_nothing_lies_over_anything_else(steps: str) -> None:
    workspace = load_workspace(
        {"x.rules": f'rule "x" for contact\non tag added "go"\ndo\n{steps}\nend\n'}, catalogue()
    )
    if not workspace.plans:
        # A name given twice, or steps after a stop: such rules have no picture.
        return
    found = picture(workspace.plans[0])
    drawing = layout(found)
    for one, other in combinations(drawing.boxes, 2):
        assert apart(one, other), (one, other)
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height
    for edge in drawing.edges:
        for x, y in edge.points:
            assert 0 <= x <= drawing.width
            assert 0 <= y <= drawing.height
    text = svg(found)
    drawn = steps_drawn(text)
    assert sorted(drawn) == sorted({node.id for node in nodes(found.items) if node.id})
    assert mermaid(found).count("\n") > len(drawn)


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


# --- SVG -------------------------------------------------------------------------------------------


def test_the_picture_can_be_read_without_seeing_it() -> None:
    found = rule('if score > 5 then add tag "a" end', "wait 1d")
    root = ElementTree.fromstring(svg(found))
    assert root.attrib["role"] == "group"
    assert root.attrib["aria-label"] == "Flow of the rule x"
    (listed,) = [g for g in root if g.attrib.get("role") == "list"]
    said = [g.findtext(f"{SVG}title") for g in listed]
    assert said == [
        'start: tag added "go"',
        "decision: score > 5",
        'action: add tag "a"',
        "wait: wait 1d",
        "end",
    ]
    reachable = [g.attrib.get("tabindex") for g in listed]
    assert reachable == ["0", "0", "0", "0", None]


def test_a_strict_policy_lets_it_pass() -> None:
    text = svg(picture(plan_of(CLASSIC)))
    assert "style=" not in text
    assert "<style" not in text
    assert "<script" not in text
    assert not re.search(r"\son\w+=", text)
    assert not re.search(r"(href|url\(|@import)", text)


@pytest.mark.parametrize(
    "hostile", ["</svg><script>alert(1)</script>", "a & b < c > d", "]]>", "&#0;", "\x07\ufffe", "'", "😀"]
)
def test_texts_stay_texts(hostile: str) -> None:
    found = rule('add tag "a"')
    node = Node("do.0", Shape.ACTION, hostile, hostile, (0, 1))
    root = ElementTree.fromstring(svg(replace(found, rule=hostile, items=(node,))))
    names = ("svg", "g", "path", "rect", "text", "title")
    assert {element.tag for element in root.iter()} <= {f"{SVG}{name}" for name in names}
    shown = "".join(c if c >= " " and c != "\ufffe" else " " for c in hostile)
    assert root.attrib["aria-label"] == f"Flow of the rule {shown}"
    for line in mermaid(replace(found, items=(node,))).splitlines():
        assert line.count('"') in (0, 2)


def test_its_style_sheet_is_the_one_that_pages_load() -> None:
    assert (ROOT / "web/static/flow.css").read_text("utf-8") == CSS


def test_every_class_it_uses_has_colours_in_both_schemes() -> None:
    light, dark = CSS.split("@media (prefers-color-scheme: dark)")
    used = set(re.findall(r"var\((--[\w-]+)\)", CSS))
    for name in used:
        assert f"{name}:" in light
        assert f"{name}:" in dark


# --- the way of a run ------------------------------------------------------------------------------


def way(found: Picture, *entries: tuple[str, str], over: bool = False) -> dict[str, str]:
    return {
        id: str(mark)
        for id, mark in marks(found, told_by(("run", *entry) for entry in entries), over).items()
    }


def test_a_run_that_waits() -> None:
    found = rule('add tag "a"', "wait 1d", 'add tag "b"')
    assert way(found, ("action", "do.0"), ("waiting", "do.1")) == {"do.0": "done", "do.1": "waiting"}
    gone_on = way(
        found, ("action", "do.0"), ("waiting", "do.1"), ("action", "do.2"), ("completed", ""), over=True
    )
    assert gone_on == {"do.0": "done", "do.1": "done", "do.2": "done"}
    exited = way(found, ("action", "do.0"), ("waiting", "do.1"), ("exited", "do.1"), over=True)
    assert exited == {"do.0": "done", "do.1": "skipped", "do.2": "skipped"}


def test_the_branch_that_was_taken() -> None:
    found = rule('if score > 5 then add tag "a" else add tag "b" end', 'add tag "c"')
    taken = way(found, ("action", "do.0.else.0"), ("action", "do.1"), over=True)
    assert taken == {
        "do.0": "done",
        "do.0.then": "skipped",
        "do.0.then.0": "skipped",
        "do.0.else": "done",
        "do.0.else.0": "done",
        "do.1": "done",
    }


@pytest.mark.parametrize("came", [True, False])
def test_a_branch_that_only_stops_is_told_by_the_end_of_the_run(came: bool) -> None:
    lines = ("wait on user login timeout 2d do", "stop", "else", 'add tag "x"', "end", 'add tag "y"')
    story = Story("\n".join(("on tag added vip do", *lines, "end")))
    story.contact()
    story.event("contact.tag_added", tag="vip")
    if came:
        story.event("user.logged_in")
    story.after(3 * 86_400)
    assert story.kinds().count("completed") == 1
    taken = [(str(entry.kind), entry.step) for entry in story.entries if entry.run]
    left, right = ("done", "skipped") if came else ("skipped", "done")
    assert way(rule(*lines), *taken, over=True) == {
        "do.0": "done",
        "do.0.on0": left,
        "do.0.on0.0": left,
        "do.0.timeout": right,
        "do.0.timeout.0": right,
        "do.1": right,
    }


def test_a_wait_that_a_goal_cuts_short_is_not_done() -> None:
    found = rule('add tag "a"', "wait 1d", 'add tag "b"')
    cut = way(found, ("action", "do.0"), ("waiting", "do.1"), ("completed", "do.1"), over=True)
    assert cut == {"do.0": "done", "do.1": "skipped", "do.2": "skipped"}


def test_a_branch_without_steps_leaves_no_trace_and_is_known_all_the_same() -> None:
    found = rule('if score > 5 then add tag "a" end', "let x = 1", 'add tag "c"')
    taken = way(found, ("action", "do.2"))
    assert taken["do.0.else"] == "done"
    assert taken["do.0.then.0"] == "skipped"
    assert taken["do.1"] == "done"


def test_nothing_is_said_of_what_is_still_to_come() -> None:
    found = rule("wait 1d", 'if score > 5 then add tag "a" end')
    assert way(found, ("waiting", "do.0")) == {"do.0": "waiting"}


def test_failures_conditions_and_consent() -> None:
    found = rule('add tag "a" when score > 3', 'send email template("t")', 'webhook post "https://e.test/"')
    taken = way(found, ("not_matched", "do.0"), ("suppressed", "do.1"), ("failed", "do.2"), over=True)
    assert taken == {"do.0": "skipped", "do.1": "skipped", "do.2": "failed"}


def test_branches_beside_each_other_are_all_walked() -> None:
    found = rule(
        "parallel", "do", "wait 1h", "end", "do", 'add tag "a"', "wait 2h", "end", "end", 'add tag "b"'
    )
    parent = [("p", "waiting", "do.0")]
    children = [
        ("c1", "waiting", "do.0.0.do.0"),
        ("c2", "action", "do.0.1.do.0"),
        ("c2", "waiting", "do.0.1.do.1"),
    ]
    shown = {id: str(mark) for id, mark in marks(found, told_by([*parent, *children]), False).items()}
    assert shown == {
        "do.0": "waiting",
        "do.0.0": "done",
        "do.0.0.do.0": "waiting",
        "do.0.1": "done",
        "do.0.1.do.0": "done",
        "do.0.1.do.1": "waiting",
    }
    assert way(found, ("waiting", "do.0"), ("resumed", "do.0"), ("action", "do.1"), over=True) == {
        "do.0": "done",
        "do.0.0": "done",
        "do.0.1": "done",
        "do.1": "done",
    }


def test_steps_for_related_records_go_their_own_way() -> None:
    found = picture(
        plan_of(
            'rule "x" for account\n  on account created\ndo\n  for each contact at most 100 do\n    add tag "a"\n'
            '  end\n  add tag "b"\nend\n'
        )
    )
    each, then = found.items
    assert isinstance(each, Fork)
    assert each.head.title == "for each contact at most 100"
    assert [(arm.label, arm.ends) for arm in each.arms] == [
        ("for each of them", True),
        ("goes on at once", False),
    ]
    assert [node.title for node in nodes(each.arms[0].items)] == ['add tag "a"']
    assert way(found, ("action", "do.1"), over=True) == {
        "do.0": "done",
        "do.0.do": "done",
        "do.0.on": "done",
        "do.1": "done",
    }
    assert isinstance(then, Node)


def test_marks_are_classes_and_words() -> None:
    found = rule('add tag "a"', "wait 1d")
    root = ElementTree.fromstring(svg(found, {"do.0": Mark.DONE, "do.1": Mark.WAITING}))
    nodes_drawn = {g.attrib["data-step"]: g for g in root.iter(f"{SVG}g") if "data-step" in g.attrib}
    assert nodes_drawn["do.0"].attrib["class"] == "node action done"
    assert nodes_drawn["do.1"].findtext(f"{SVG}title") == "wait: wait 1d, waiting here"


def test_mermaid_of_a_branch() -> None:
    assert mermaid(rule('if score > 5 then add tag "a" end')) == (
        "flowchart TD\n"
        '  n1(["tag added #quot;go#quot;"])\n'
        '  n2{{"score #gt; 5"}}\n'
        "  n1 --> n2\n"
        '  n3["add tag #quot;a#quot;"]\n'
        '  n2 -->|"yes"| n3\n'
        '  n4(["end"])\n'
        "  n3 --> n4\n"
        '  n2 -->|"no"| n4\n'
    )
