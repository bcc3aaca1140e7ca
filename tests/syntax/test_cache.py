"""The cache of parsed items: one item is read again after an edit, and the answer is that of a full parse."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rulelang.source import Source
from rulelang.syntax.cache import ParseCache
from rulelang.syntax.parser import parse
from tests.syntax.chunks import chunks

FILE = "\n".join(f'on stage enter "S{n}" do\n  wait {n}d\n  mark dnc when x = {n}\nend' for n in range(20))


def test_an_edit_reads_one_item() -> None:
    cache = ParseCache()
    parse(Source.of("a", FILE), cache)
    assert cache.parsed == 20
    edited = Source.of("a", FILE.replace("wait 7d", "wait 700d # longer"))
    assert parse(edited, cache) == parse(edited)
    assert cache.parsed == 1


def test_diagnostics_move_with_their_item() -> None:
    cache = ParseCache()
    text = FILE + "\non broken do\n  foo > 3\n  if x then\n"
    parse(Source.of("a", text), cache)
    edited = Source.of("a", "# a line more\n" + text)
    found = parse(edited, cache)
    assert cache.parsed == 0
    assert found == parse(edited)
    assert [edited.slice(d.span) for d in found.diagnostics] == [">", "if"]
    assert all(d.source is edited for d in found.diagnostics)


def test_what_is_gone_is_forgotten() -> None:
    cache = ParseCache()
    parse(Source.of("a", "on a do b"), cache)
    parse(Source.of("a", "on c do d"), cache)
    parse(Source.of("a", "on a do b"), cache)
    assert cache.parsed == 1


PROGRAMS = [chunk.text for file in ("structure.txt", "flow.txt") for chunk in chunks(file)] + [FILE[:200]]


@given(st.lists(st.lists(st.sampled_from(PROGRAMS), max_size=4), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_cache_never_changes_the_answer(files: list[list[str]]) -> None:
    cache = ParseCache()
    for programs in files:
        source = Source.of("a", "\n".join(programs))
        assert parse(source, cache) == parse(source)


RULES = "".join(
    f'rule "R{n}" on stage enter "S{n}" do\n  wait {n}d\n  mark dnc when x = {n}\nend\n\n' for n in range(20)
)


def test_the_parts_of_an_edited_file_are_read_apart() -> None:
    cache = ParseCache()
    before = Source.of("a", RULES)
    parse(before, cache)
    for change in (
        "wait 77d",
        "wait 7d\nrule",
        'wait 7d end\ntest "x"',
        "wait 7d # rule \nrule ",
        '"\nrule "',
        "",
        "wai 7d",
    ):
        edited = Source.of("a", RULES.replace("wait 7d", change))
        assert parse(edited, cache) == parse(edited)
        assert parse(before, cache) == parse(before)
        assert cache.parsed <= 1


def test_too_many_mistakes_are_as_many_with_a_cache() -> None:
    cache = ParseCache()
    wrong = RULES.replace("mark dnc when", "mark dnc whn >") * 8
    for text in (RULES, wrong, f"# above\n{wrong}"):
        source = Source.of("a", text)
        assert parse(source, cache) == parse(source)


LINES = (
    'rule "A" on a do\n',
    "on b do\n",
    "  c\n",
    "end\n",
    "rule \n",
    "# rule\n",
    'test "x"\n',
    "tags: x\n",
    '  "\n',
    "rule\n",
)


@given(st.lists(st.lists(st.sampled_from(LINES), max_size=10), min_size=2, max_size=5))
@settings(max_examples=150, deadline=None)
def test_the_cache_never_changes_the_answer_of_pieces(files: list[list[str]]) -> None:
    cache = ParseCache()
    for lines in files:
        source = Source.of("a", "".join(lines))
        assert parse(source, cache) == parse(source)
