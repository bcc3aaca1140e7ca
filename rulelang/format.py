"""The formatter: one style for all files. It keeps line breaks and comments, and sets indentation and spaces.

Indentation comes from the syntax tree, spaces from the tokens; the texts of tokens are never changed. A file with
a syntax error is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from itertools import chain

from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.moving import Items
from rulelang.syntax.parser import parse
from rulelang.syntax.tokens import Token

STEP = "  "
_CONTINUED = 2
"""Levels by which a line that continues the one before is indented."""

_TIGHT_BEFORE = frozenset((")", "]", ",", ";", ":", "."))
_TIGHT_AFTER = frozenset(("(", "[", "."))
_GOES_ON = frozenset(("with", "and", "or"))
"""Words at the beginning of a line with which a statement of a test goes on."""
_CLAUSES = frozenset(("ON", "OR_ON", "WHEN", "ENROL"))
_CLAUSE_WORDS = frozenset(("exit", "limit", "release", "takes", "goal", "enrol", "enroll"))


def format_text(path: str, text: str) -> str | None:
    """The text in the one style; None when it has syntax errors and must be left alone.

    Formatting the result again changes nothing, and it parses to the same tree.
    """
    source = Source.of(path, text)
    parsed = parse(source)
    if any(d.is_error for d in parsed.diagnostics):
        return None
    tokens = tokenize(source)
    levels = _levels(parsed.module, tokens.tokens)
    return _Printer(source, tokens.tokens, tokens.comments, levels).text(_apart(parsed.module, source))


def _apart(module: nodes.Module, source: Source) -> set[int]:
    """The lines of items that an empty line goes before: those of several lines, and those behind one."""
    found: set[int] = set()
    after_long = False
    for n, span in enumerate(sorted([*(item.span for item in module.items), *module.tests])):
        first = source.position(span.start).line
        last = source.position(max(span.end - 1, span.start)).line
        if n and (after_long or last > first):
            found.add(first)
        after_long = last > first
    return found


# --- indentation -----------------------------------------------------------------------------------


def _levels(module: nodes.Module, tokens: Sequence[Token]) -> dict[int, int]:
    """The level of each line, by the place of its first token."""
    levels: dict[int, int] = {}
    for item in module.items:
        inside = [t for t in tokens if item.span.start <= t.start < item.span.end and t.first]
        if isinstance(item, nodes.Rule):
            _rule(item, inside, levels)
        else:
            for token in inside:
                own = token.start == item.span.start or token.kind == "END"
                starts = any(entry.span.start == token.start for entry in item.entries)
                # The condition of a segment is what its lines are for.
                starts = starts or item.keyword.text == "segment"
                levels[token.start] = 0 if own else 1 if starts else 1 + _CONTINUED
    for span in module.tests:
        _test([t for t in tokens if span.start <= t.start < span.end], levels)
    return levels


def _test(tokens: Sequence[Token], levels: dict[int, int]) -> None:
    """A test: a statement a line, but for lines that go on with the one before (docs/testing.md)."""
    depth = 0
    for n, token in enumerate(tokens):
        goes_on = depth or token.text in _GOES_ON or (n and tokens[n - 1].text == ",")
        ends = not n or (token.kind == "END" and n == len(tokens) - 1)
        if token.first:
            levels[token.start] = 0 if ends else 1 + _CONTINUED if goes_on else 1
        depth += (token.kind in ("LPAR", "LSQB")) - (token.kind in ("RPAR", "RSQB"))


def _rule(rule: nodes.Rule, tokens: Sequence[Token], levels: dict[int, int]) -> None:
    steps = (*rule.steps, *rule.on_exit)
    covered = _mark_steps(steps, tokens, 1, levels)
    first_step = min((step.span.start for step in steps), default=rule.span.end)
    for token in tokens:
        if token.start == rule.span.start or (token.start not in covered and token.kind in ("DO", "END")):
            levels[token.start] = 0
        elif token.start < first_step and _begins_clause(token):
            levels[token.start] = 1
        elif token.start not in covered:
            levels[token.start] = 0 if token.kind.startswith("ON") else 1 + _CONTINUED


def _begins_clause(token: Token) -> bool:
    return token.kind in _CLAUSES or token.text in _CLAUSE_WORDS


def _mark_steps(
    steps: Sequence[nodes.Node], tokens: Sequence[Token], level: int, levels: dict[int, int]
) -> set[int]:
    """Set the levels of all lines that begin within these steps; the places of those lines."""
    covered: set[int] = set()
    for step in steps:
        inside = [t for t in tokens if step.span.start <= t.start < step.span.end]
        covered.update(t.start for t in inside)
        _step(step, inside, level, levels)
    return covered


def _step(step: nodes.Node, tokens: Sequence[Token], level: int, levels: dict[int, int]) -> None:
    arms = _arm_level(step, tokens, level)
    covered: set[int] = set()
    for inner, deeper in _inner_lists(step, level, arms):
        covered |= _mark_steps(inner, tokens, deeper, levels)
    for token in tokens:
        if token.start in covered:
            continue
        if token.start == step.span.start or token.kind in ("END", "ELIF", "ELSE", "DO"):
            closes_arm = token.kind == "END" and token.end < step.span.end
            inside_arm = arms > level and (token.kind == "DO" or closes_arm)
            levels[token.start] = arms if inside_arm or (token.kind == "ELSE" and arms > level) else level
        elif arms > level and token.kind in ("CASE", "ON", "UNTIL", "TIMEOUT", "OR_ON"):
            levels[token.start] = arms
        else:
            levels[token.start] = level + _CONTINUED


def _arm_level(step: nodes.Node, tokens: Sequence[Token], level: int) -> int:
    """The level of the lines that begin the arms of a step; its own where no arm begins a line."""
    if isinstance(step, (nodes.MatchStep, nodes.SplitStep)):
        return level + 1
    if isinstance(step, nodes.ListenStep):
        own = [t for t in tokens if t.start != step.span.start and t.kind in ("ON", "UNTIL", "TIMEOUT")]
        inner = {s.span.start for arm in step.arms for s in arm.steps}
        if any(t.start not in inner and not _within(t, step.arms) for t in own):
            return level + 1
    return level


def _within(token: Token, arms: Sequence[nodes.WaitArm]) -> bool:
    return any(s.span.start <= token.start < s.span.end for arm in arms for s in arm.steps)


def _inner_lists(step: nodes.Node, level: int, arms: int) -> Iterator[tuple[Sequence[nodes.Node], int]]:
    """The lists of steps inside a step with their levels."""
    match step:
        case nodes.IfStep():
            yield from ((branch.steps, level + 1) for branch in step.branches)
            yield step.otherwise or (), level + 1
        case nodes.BlockStep() | nodes.RepeatStep() | nodes.EachStep():
            yield step.steps, level + 1
        case nodes.ListenStep():
            yield from ((arm.steps, arms + 1) for arm in step.arms)
        case nodes.MatchStep() | nodes.SplitStep():
            yield from ((case.steps, arms + 1) for case in step.cases)
            yield step.otherwise or (), arms + 1
        case nodes.ParallelStep():
            yield step.branches, level + 1
        case nodes.ActionStep() if step.on_error is not None:
            yield step.on_error.steps or (), level + 1
        case nodes.LetStep() if step.action is not None:
            yield (step.action,), level


# --- printing --------------------------------------------------------------------------------------


_NO_COMMENT = Token("", "", 0, 0, False)


class _Printer:
    """Prints the tokens and comments of a source line by line."""

    def __init__(
        self, source: Source, tokens: Sequence[Token], comments: Sequence[Span], levels: dict[int, int]
    ) -> None:
        self._source = source
        self._levels = levels
        pieces = chain(((t.start, t.end, t) for t in tokens), ((c.start, c.end, None) for c in comments))
        self._lines: dict[int, list[tuple[int, int, Token | None]]] = {}
        for start, end, token in sorted(pieces, key=lambda piece: piece[0]):
            self._lines.setdefault(source.position(start).line, []).append((start, end, token))

    def text(self, apart: set[int]) -> str:
        """All lines; at most one is empty between two others, and one is before those of `apart`."""
        printed: list[str] = []
        before = 0
        apart = {self._with_comments(line) for line in apart}
        for number, pieces in self._lines.items():
            if printed and (number > before + 1 or number in apart):
                printed.append("")
            printed.append(self._line(pieces, number))
            last = pieces[-1]
            before = self._source.position(max(last[1] - 1, last[0])).line
        return "\n".join(line.rstrip() for line in printed) + "\n" if printed else ""

    def _with_comments(self, line: int) -> int:
        """The first of the comment lines that stand right above a line, or the line itself."""
        while all(token is None for _, _, token in self._lines.get(line - 1, [(0, 0, _NO_COMMENT)])):
            line -= 1
        return line

    def _line(self, pieces: Sequence[tuple[int, int, Token | None]], number: int) -> str:
        tokens = [token for _, _, token in pieces if token is not None]
        code = self._code(tokens)
        comment = " ".join(
            self._source.text[start:end].rstrip() for start, end, token in pieces if token is None
        )
        if not tokens:
            return STEP * self._level_after(number) + comment
        line = STEP * self._levels.get(tokens[0].start, 0) + code
        return f"{line}  {comment}" if comment else line

    def _level_after(self, number: int) -> int:
        """A comment on a line of its own stands like the line that follows it, inside a block that ends there."""
        for later, pieces in self._lines.items():
            if later <= number:
                continue
            first = next((token for _, _, token in pieces if token is not None), None)
            if first is not None:
                level = self._levels.get(first.start, 0)
                return level + 1 if first.kind in ("END", "ELSE", "ELIF") else level
        return 0

    def _code(self, tokens: Sequence[Token]) -> str:
        kept = list(tokens)
        while len(kept) > 1 and kept[-1].text == ";":
            kept.pop()
        parts: list[str] = []
        for n, token in enumerate(kept):
            if n and self._spaced(kept, n):
                parts.append(" ")
            parts.append(self._source.text[token.start : token.end])
        return "".join(parts)

    def _spaced(self, tokens: Sequence[Token], n: int) -> bool:
        before, token = tokens[n - 1], tokens[n]
        if token.text in _TIGHT_BEFORE and token.kind != "TEXT":
            return False
        if before.text in _TIGHT_AFTER and before.kind != "TEXT":
            return False
        if token.text == "(" and token.kind != "TEXT":
            return before.end != token.start
        return not (before.text == "-" and _is_sign(tokens, n - 1))


def _is_sign(tokens: Sequence[Token], n: int) -> bool:
    """Whether the `-` at `n` belongs to the number behind it and is no subtraction."""
    if n == 0:
        return True
    before = tokens[n - 1]
    literal = before.kind in (
        "TEXT",
        "NUMBER",
        "MONEY",
        "PERCENT",
        "DURATION",
        "DATE",
        "DATETIME",
        "TIME",
        "NAME",
    )
    return not (literal or before.text in (")", "]"))


def same_tree(one: object, other: object) -> bool:
    """Whether two syntax trees are equal apart from places."""
    if isinstance(one, Span):
        return isinstance(other, Span)
    if isinstance(one, (tuple, Items)) and isinstance(other, (tuple, Items)):
        return len(one) == len(other) and all(map(same_tree, one, other))
    if not is_dataclass(one) or isinstance(one, type):
        return one == other
    if type(one) is not type(other):
        return False
    return all(same_tree(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
