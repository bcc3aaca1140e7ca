"""Moving runs between random versions of a rule: nobody is lost, nothing is done twice, and nobody wakes early."""

from __future__ import annotations

from random import Random

import pytest

from runtime.engine.settling import Settling
from runtime.model import Entry
from tests.support.rules import Story, check

START = "2026-03-02T09:00:00Z"


def steps(random: Random, tags: list[str], depth: int = 0) -> list[str]:
    """Random steps; each adds a tag of its own, so that a repetition shows."""
    found: list[str] = []
    for _ in range(random.randint(1, 3)):
        match random.choice(
            ["tag", "wait", "wait", "if", "listen", "parallel"] if depth < 2 else ["tag", "wait"]
        ):
            case "tag":
                tags.append(f"t{len(tags)}")
                found.append(f'set score = score + 1\nadd tag "{tags[-1]}"')
            case "wait":
                found.append(f"wait {random.choice(['1h', '2h', '1d', '90m'])}")
            case "if":
                inside = "\n".join(steps(random, tags, depth + 1))
                found.append(f"if score >= 0 then\n{inside}\nend")
            case "listen":
                inside = "\n".join(steps(random, tags, depth + 1))
                found.append(
                    f"wait on user login timeout {random.choice(['1h', '3h'])} do\n{inside}\nelse\nstop\nend"
                )
            case "parallel":
                inside = ["\n".join(steps(random, tags, depth + 1)) for _ in range(2)]
                branches = "\n".join(f"do\n{branch}\nend" for branch in inside)
                found.append(f"parallel\n{branches}\nend")
    return found


def edited(random: Random, lines: list[str], tags: list[str]) -> list[str]:
    """The steps with a few changes: one gone, one new, one moved, other durations."""
    found = [line.replace("1h", random.choice(["1h", "3h", "10m"])) for line in lines]
    match random.choice(["drop", "add", "swap", "keep"]):
        case "drop" if len(found) > 1:
            found.pop(random.randrange(len(found)))
        case "add":
            found.insert(random.randrange(len(found) + 1), "\n".join(steps(random, tags, 2)))
        case "swap" if len(found) > 1:
            n = random.randrange(len(found) - 1)
            found[n], found[n + 1] = found[n + 1], found[n]
    return found


def rule(lines: list[str]) -> str:
    body = "\n".join(lines)
    return f'rule "R" on tag added "x" do\n{body}\nend'


@pytest.mark.parametrize("seed", range(40))
def test_moved_runs_come_to_their_end_and_repeat_nothing(seed: int) -> None:
    random = Random(seed)
    tags: list[str] = []
    lines = steps(random, tags)
    story = Story(rule(lines), START)
    story.contact(score=0)
    story.event("contact.tag_added", tag="x")
    for _ in range(3):
        story.after(random.choice([600, 3600, 7200, 86_400]))
        lines = edited(random, lines, tags)
        plan = check(rule(lines)).plans[0]
        story.simulation.deploy(story.schema, [plan], [Settling("R", "contact", plan.hash, "")])
        story.after(0)
    story.event("user.logged_in")
    story.after(60 * 86_400)
    entries = story.entries
    begun = {e.run for e in entries if e.kind == "enrolled"}
    over = {e.run for e in entries if e.kind in ("completed", "exited", "failed")}
    assert begun == over
    assert not [e for e in entries if e.kind == "failed"]
    added = [e.input["tag"] for e in entries if e.action == "add_tag"]
    assert len(added) == len(set(added)), added
    assert_nobody_wakes_early(entries)


def assert_nobody_wakes_early(entries: list[Entry]) -> None:
    """Each wait that ends by the clock ends when it was last said to."""
    due: dict[str, int] = {}
    for entry in entries:
        if entry.kind in ("waiting", "moved"):
            due[entry.run] = entry.due or 0
        elif entry.kind == "resumed" and not entry.reason:
            assert entry.at >= due.get(entry.run, 0), entry
