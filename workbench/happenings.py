"""What a simulation goes through besides waiting: events, other rules put in force, times with nobody at work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from runtime.model import Millis
from workbench.errors import CommandError
from workbench.inputs import moment


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens at a moment of the simulated time."""

    at: Millis
    act: Callable[[], None]


def parse_deploys(options: Iterable[str], zone: ZoneInfo) -> Iterator[tuple[Millis, Path]]:
    """When which rules are put in force: the options `--deploy TIME=PATH`.

    Raises:
        CommandError: an option is malformed.
    """
    for option in options:
        at, equals, path = option.partition("=")
        if not equals or not Path(path).exists():
            raise CommandError(f"--deploy takes a time and a path that exists, TIME=PATH, found {option!r}")
        yield moment(at, zone, "--deploy"), Path(path)


def parse_downs(options: Iterable[str], zone: ZoneInfo) -> Iterator[tuple[Millis, Millis]]:
    """From when until when nobody is at work: the options `--down TIME..TIME`.

    Raises:
        CommandError: an option is malformed.
    """
    for option in options:
        begin, dots, end = option.partition("..")
        if not dots:
            raise CommandError(f"--down takes two times, TIME..TIME, found {option!r}")
        yield moment(begin, zone, "--down"), moment(end, zone, "--down")
