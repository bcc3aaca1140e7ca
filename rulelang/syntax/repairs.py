"""Small changes that would mend a mistake: each is tried on the tables, and the first that lets the parse go on
to the end of the statement is reported and made, so that nothing of the rule is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rulelang.syntax import block_guesses, flow_guesses, word_guesses
from rulelang.syntax.changes import Change, survives
from rulelang.syntax.tokens import Token

if TYPE_CHECKING:
    from rulelang.syntax.recovery import Recovery

_GUESSES: tuple[Callable[[Recovery, Token], Iterator[Change]], ...] = (
    flow_guesses.colons,
    word_guesses.arrows,
    flow_guesses.events,
    flow_guesses.unquoted,
    word_guesses.or_on,
    flow_guesses.late_timeout,
    flow_guesses.where,
    flow_guesses.wait_words,
    word_guesses.misused_is,
    word_guesses.near,
    word_guesses.glued,
    word_guesses.mixed_up,
    flow_guesses.inner_end,
    flow_guesses.outer_end,
    flow_guesses.case_ends,
    flow_guesses.openers,
    flow_guesses.on_exit,
    flow_guesses.parts,
    block_guesses.left_out,
    word_guesses.names,
    word_guesses.commas,
    block_guesses.too_many,
    block_guesses.outside,
    block_guesses.ends,
)
"""Tried in this order: what explains more than a word left out or one too many comes first."""


def repair(state: Recovery, token: Token) -> bool:
    """Make the first change that mends the mistake at `token`; False when there is none."""
    for guess in _GUESSES:
        for change in guess(state, token):
            if survives(state, change):
                state.make(change)
                return True
    return False
