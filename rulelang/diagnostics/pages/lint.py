"""Pages about what lint finds in correct rules."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page

PAGES = {
    "W0801": Page(
        "rules in a loop",
        "Each of these rules makes a change that sets off the next, and the last sets off the first again. The "
        "engine stops such a chain after 16 rules; it is better not to have it.",
        'rule "A"\n  on tag added a\ndo\n  remove tag a\n  add tag b\nend\n\n'
        'rule "B"\n  on tag added b\ndo\n  remove tag b\n  add tag a\nend',
        'rule "A"\n  on tag added a\ndo\n  remove tag a\n  add tag b\nend\n\n'
        'rule "B"\n  on tag added b\n  enrol once\ndo\n  remove tag b\n  add tag a\nend',
    ),
    "W0802": Page(
        "a condition that never holds",
        "Two parts of the condition contradict each other, so the rule or step can never act.",
        "on contact created when status = trial and status = customer do add tag new",
        "on contact created when status = trial or status = customer do add tag new",
    ),
    "W0803": Page(
        "a condition that always holds",
        "The condition is true whatever the data holds, so it decides nothing.",
        "on contact created when status = trial or status != trial do add tag new",
        "on contact created do add tag new",
    ),
    "W0804": Page(
        "two rules, one field",
        "Both rules give the same field another value on the same event; which one stays depends on their order.",
        'on tag added vip do set city = "Berlin"\n\non tag added vip do set city = "Bonn"',
        'on tag added vip when country = "DE" do set city = "Berlin"\n\n'
        'on tag added vip when country = "FR" do set city = "Paris"',
    ),
    "W0805": Page(
        "a message that no consent can allow",
        "The rule is for contacts that must not get this message, or has just marked them so.",
        'on tag added vip when dnc = true do send email hyper("hello")',
        'on tag added vip when dnc = true do send email hyper("call them") to owner',
    ),
    "W0806": Page(
        "a wait that may never end",
        "The event or condition may never come; without a timeout the run waits for ever.",
        "on contact created do\n  wait on user login\n  add tag active\nend",
        "on contact created do\n  wait on user login timeout 7d\n  add tag active\nend",
    ),
    "W0807": Page(
        "a branch that is never taken",
        "The branches of an `if` are tried from the top, and one above takes everything that this one could.",
        "on contact created do\n  if score >= 50 then\n    add tag warm\n  elif score >= 80 then\n    add tag hot\n"
        "  end\nend",
        "on contact created do\n  if score >= 80 then\n    add tag hot\n  elif score >= 50 then\n    add tag warm\n"
        "  end\nend",
    ),
    "W0809": Page(
        "a personal field in a webhook",
        "What says who a contact is leaves for another system, or stands in an address, which is logged on the way. "
        "Where the receiver has to know, leave it and switch the warning off.",
        'on contact created do webhook post "https://example.com/hook" with mail = email',
        'on contact created do webhook post "https://example.com/hook" with contact = contact.id',
    ),
    "W0808": Page(
        "shadowed by a stop or an exit",
        "A `stop` or an exit condition holds whenever the rule starts, so that what follows is never made.",
        "on contact created when status = trial do\n  stop when status = trial\n  add tag new\nend",
        "on contact created when status = trial do\n  stop when score < 10\n  add tag new\nend",
    ),
}
