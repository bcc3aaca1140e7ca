"""Whatever happens to a contact, in whatever order: a run of the machine keeps its promises."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.rules import Story

RULES = """
rule "Walk" for contact
  on stage enter "SQL"
  enrol every time
  exit when status = inactive
do
  add tag "begun"
  wait 30m
  if score >= 50 then
    send email template("confirm")
  else
    set score = score + 10
    wait until 9:00
  end
  add tag "done"
end

rule "Once" for contact
  on tag added "begun"
  enrol once
do
  set source = "walk"
end
"""
TEMPLATES = {"confirm": "---\nsubject: Hello\n---\nHello {{ contact.first_name }}.\n"}
ENDS = {"exited", "completed", "failed"}

CONTACTS = st.sampled_from(["c_1", "c_2", "c_3"])
HAPPENINGS = st.one_of(
    st.tuples(st.just("stage"), CONTACTS, st.sampled_from(["MQL", "SQL", "Won"])),
    st.tuples(st.just("status"), CONTACTS, st.sampled_from(["trial", "customer", "inactive"])),
    st.tuples(st.just("score"), CONTACTS, st.integers(0, 100)),
    st.tuples(st.just("repeat"), CONTACTS, st.integers(1, 5)),
    st.tuples(st.just("time"), CONTACTS, st.integers(0, 7200)),
)


def played(happenings: list[tuple[str, str, object]]) -> Story:
    """The story of three contacts to whom this happens, up to where nothing moves any more."""
    story = Story(RULES, templates=TEMPLATES)
    for id in ("c_1", "c_2", "c_3"):
        story.contact(id, email=f"{id}@x.test", first_name="Ana", status="trial", score=40)
    for kind, id, value in happenings:
        match kind, value:
            case "stage", str():
                story.event("stage.entered", id, stage=value)
            case "repeat", int():
                story.event("stage.entered", id, stage="SQL", event_id=f"again-{id}-{value}")
            case "time", int():
                story.after(value)
            case _:
                story.event("contact.updated", id, fields={kind: value})
    story.after(3 * 86_400)
    return story


@settings(max_examples=40, deadline=None)
@given(st.lists(HAPPENINGS, max_size=15))
def test_every_run_begins_once_ends_once_and_leaves_one_effect_a_step(
    happenings: list[tuple[str, str, object]],
) -> None:
    story = played(happenings)
    runs = [e.run for e in story.entries if e.kind == "enrolled"]
    assert len(runs) == len(set(runs))
    assert Counter(e.run for e in story.entries if e.run and e.kind in ENDS) == Counter(runs)
    keys = [row.effect.key for row in story.effects()]
    assert len(keys) == len(set(keys))
    assert len({(row.effect.run, row.effect.step) for row in story.effects()}) == len(keys)


@settings(max_examples=40, deadline=None)
@given(st.lists(HAPPENINGS, max_size=15))
def test_of_one_rule_one_run_is_live_and_nothing_happens_after_its_end(
    happenings: list[tuple[str, str, object]],
) -> None:
    live: dict[tuple[str, str], str] = {}
    ended: set[str] = set()
    once: Counter[str] = Counter()
    at = 0
    for subject, entry in played(happenings).simulation.timeline():
        assert entry.at >= at
        at = entry.at
        assert entry.run not in ended
        place = (subject.id, entry.rule)
        if entry.kind == "enrolled":
            assert place not in live
            live[place] = entry.run
            once[subject.id] += entry.rule == "Once"
        elif entry.run and entry.kind in ENDS:
            assert live.pop(place) == entry.run
            ended.add(entry.run)
    assert not live
    assert max(once.values(), default=0) <= 1


@settings(max_examples=25, deadline=None)
@given(st.lists(HAPPENINGS, max_size=15))
def test_the_same_always_comes_of_the_same(happenings: list[tuple[str, str, object]]) -> None:
    one, other = played(happenings), played(happenings)
    assert one.simulation.timeline() == other.simulation.timeline()
    assert [row.effect for row in one.effects()] == [row.effect for row in other.effects()]
