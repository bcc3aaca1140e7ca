"""`rulelang docs`: the documentation at the terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

import click

from workbench.errors import CommandError
from workbench.loading import catalogue
from workbench.manual.pages import Hit, Manual, NoPage
from workbench.manual.terminal import shown

MOST_HITS = 60
_WIDEST = 110


@click.command()
@click.argument("topic", nargs=-1)
@click.option("--search", "wanted", metavar="TEXT", default="", help="List the places where TEXT stands.")
@click.option("--raw", is_flag=True, help="Print the Markdown as it is.")
def docs(topic: tuple[str, ...], wanted: str, raw: bool) -> None:
    """Show the documentation: a list of its pages, or the page about TOPIC.

    TOPIC is a page such as `testing`, a heading such as `policy`, a code such as `E0201`, `trigger "stage enter"`,
    `action assign`, `function lower`, or simply the words of a phrase. Words that no page is called are searched for.
    Exit code 1: --search finds nothing; 2: there is no such page, and the words stand nowhere.
    """
    manual = Manual(catalogue())
    if wanted:
        found = manual.search(wanted)
        _print(_listed(found) if found else "")
        if not found:
            raise click.exceptions.Exit(1)
        return
    if not topic:
        _print(_contents(manual))
        return
    try:
        page = manual.page(topic)
    except NoPage as error:
        words = " ".join(topic)
        hits = manual.search(words)
        if not hits:
            raise CommandError(str(error)) from None
        _print(f"no page is called {words}; it stands in\n\n{_listed(hits)}")
        return
    _print(page if raw else shown(page, _width(), _color()))


def _contents(manual: Manual) -> str:
    lines = ["Pages", ""]
    lines += [f"  {name:<12}  {title}" for name, title in manual.titles()]
    lines += ["", '`rulelang docs NAME` shows one; also `docs trigger "stage enter"`, `docs action assign`,']
    return "\n".join([*lines, "`docs function lower`, `docs E0201`, `docs --search WORDS`."]) + "\n"


def _listed(found: list[Hit]) -> str:
    return "\n".join(map(_hit, found[:MOST_HITS])) + _more(len(found))


def _hit(hit: Hit) -> str:
    return f"{hit.topic:<24}  {textwrap.shorten(hit.line, _width() - 26, placeholder='…')}"


def _more(count: int) -> str:
    return f"\n… and {count - MOST_HITS} more\n" if count > MOST_HITS else "\n"


def _width() -> int:
    return min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)


def _color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _print(text: str) -> None:
    """Through a pager when it is longer than the terminal."""
    if sys.stdout.isatty() and text.count("\n") >= shutil.get_terminal_size().lines:
        click.echo_via_pager(text, color=_color())
    elif text:
        click.echo(text, nl=False)
