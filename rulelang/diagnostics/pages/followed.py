"""Explanations: segments, statuses with conditions, health, counts of events, rules that begin by a condition."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page

PAGES = {
    "E0150": Page(
        "a segment that nobody declared",
        "Conditions name segments that the workspace declares, with a condition or without: then events keep it.",
        'on tag added "vip" when in segment "Byers" do mark dnc\n\nsegment "Buyers" for contact: score >= 80',
        'on tag added "vip" when in segment "Buyers" do mark dnc\n\nsegment "Buyers" for contact: score >= 80',
    ),
    "E0151": Page(
        "a segment or status that depends on itself",
        "Segments may use other segments, the status and the health, as long as there is a first one among them.",
        'segment "A" for contact: in segment "B"\nsegment "B" for contact: score > 5 or in segment "A"',
        'segment "A" for contact: in segment "B"\nsegment "B" for contact: score > 5',
    ),
    "E0152": Page(
        "a condition that comes and goes with the clock",
        "What is followed for every record changes at moments that can be known: when a date has come, when so many "
        "days have passed, when an event ceases to count. What returns each week or day is a matter of schedules.",
        'segment "Monday" for contact: weekday(today) = monday',
        'segment "New" for contact: created_at >= now - 7d',
    ),
    "E0153": Page(
        "an event in a condition that lasts",
        "A segment or status sees the record and those related to it. Events are counted instead.",
        'segment "Buyers" for contact: event.value > $100',
        'segment "Buyers" for contact: count(order placed in 30d where value > $100) >= 1',
    ),
    "E0154": Page(
        "a count of events that cannot be",
        "`count(order placed in 30d)` is how many such events came within any 30 days up to now, `last(order placed)` "
        "when the last came. Behind `where` stand conditions on the event.",
        'segment "Buyers" for contact: count(order placed) >= 3',
        'segment "Buyers" for contact: count(order placed in 30d) >= 3',
    ),
    "E0155": Page(
        "a record that is in no segment",
        "Segments and health are for contacts and accounts.",
        'segment "Large" for opportunity: value > $10_000',
        'segment "Large" for account: revenue > $10_000',
    ),
    "E0156": Page(
        "a level of health that cannot be",
        "The levels are good, average and bad, best first, each with the least `health_score` for it; the last takes "
        "what is left.",
        "health for account: good from 40, average from 70, bad",
        "health for account: good from 70, average from 40, bad",
    ),
    "E0157": Page(
        "`for` behind a condition that begins nothing",
        "A rule without `on` begins when its condition becomes true, or with `for` when it has been true for so long. "
        "Where an event begins the rule, the condition is tested once, then.",
        'rule "Hot"\n  on tag added "vip"\n  when score >= 80 for 3d\ndo\n  mark dnc\nend',
        'rule "Hot"\n  when score >= 80 for 3d\ndo\n  mark dnc\nend',
    ),
    "E0158": Page(
        "no absence of an event",
        "It reads `absence of`, the event that does not come, `for` how long, `after` the event that it should follow.",
        "on absence of payment received after invoice sent do mark dnc",
        "on absence of payment received for 7d after invoice sent do mark dnc",
    ),
}
