"""The words that commands at the prompt begin with: one table for what is done, completed, coloured and explained."""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "fire": 'an event such as `stage enter "SQL"`',
    "set": "fields such as `score = 90, status = trial`",
    "advance": "a time such as `30m` or `until next`",
    "as": "a record such as `contact c_1`",
    "show": "what there is to see, such as `runs`",
    "why": "the name of a rule",
    "edit": "the name of a rule, or nothing",
    "undo": "nothing",
    "save": "`as test FILE`",
    "live": '`runs`, `contact` or `why "rule"`',
    "replay": "nothing",
    "help": "nothing",
    "quit": "nothing",
}
"""Each with what it takes."""

ALONE = frozenset(("undo", "replay", "help", "quit"))
"""Those that take nothing: with more behind them they are no commands."""

HELP = """\
score >= 80 and owner is set      an expression: its value and type
on stage enter "SQL" do …         a rule: it is in force at once; an empty line ends one of several lines
fire stage enter "SQL"            let an event happen; `with amount = 10` gives it data
set score = 90, status = trial    change fields, with all events that this means
webhook answers 503 twice         how the outside will answer, as in tests
advance 30m                       let time pass; also `advance until next`, `until 9:00`, `until 2026-03-01`
as contact c_1                    look at another record
show contact                      its fields; also `show runs`, `outbox`, `journal`, `rules`, `account`, `opportunity`
why "rule"                        why a rule started for this record, or why not
edit "rule"                       change a rule in your editor, for this session; without a name the last one typed
undo                              take the last of these back
save as test FILE.test.rules      write all this as a test that passes
live runs                         with --server: runs there; also `live contact`, `live why "rule"`
replay                            with --server: let what happened there to this record happen here
quit                              leave; nothing is kept, and nothing was sent"""


def is_answers(text: str) -> bool:
    """Whether a line says how the outside answers."""
    words = text.split(maxsplit=2)
    return len(words) == 3 and words[1] == "answers"
