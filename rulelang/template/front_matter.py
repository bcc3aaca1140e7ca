"""The settings of a template file: lines `subject:`, `from:` and `format:` between two `---` lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rulelang.diagnostics import template as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.template.place import Place

SETTINGS = ("subject", "from", "format")
FORMATS = ("text", "html")

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_SETTING = re.compile(r"[ \t]*([A-Za-z_]+)[ \t]*:[ \t]*(.*?)[ \t]*")


@dataclass(slots=True)
class FrontMatter:
    """What was found: `settings` as written, and for each part (`body` is always there) its start and end."""

    parts: dict[str, tuple[int, int]]
    settings: dict[str, str] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)


def read_front_matter(text: str, place: Place) -> FrontMatter:
    """Find the settings and the body. A text that does not begin with `---` is all body."""
    opening = _FENCE.match(text)
    if opening is None:
        return FrontMatter({"body": (0, len(text))})
    closing = _FENCE.search(text, opening.end() + 1)
    if closing is None:
        whole = FrontMatter({"body": (0, len(text))})
        whole.found.append(say.front_matter_not_closed(place.source, place.span(0, opening.end())))
        return whole
    matter = FrontMatter({"body": (min(closing.end() + 1, len(text)), len(text))})
    start = opening.end() + 1
    for line in text[start : closing.start()].split("\n"):
        _read_line(matter, line, start, place)
        start += len(line) + 1
    return matter


def _read_line(matter: FrontMatter, line: str, start: int, place: Place) -> None:
    if not line.strip() or line.lstrip().startswith("#"):
        return
    setting = _SETTING.fullmatch(line)
    whole = place.span(start, start + len(line))
    if setting is None or setting[1] not in SETTINGS:
        matter.found.append(say.front_matter_line(place.source, whole, line, SETTINGS))
        return
    name, value = setting[1], setting[2]
    at = (start + setting.start(2), start + setting.end(2))
    if name in matter.settings:
        matter.found.append(say.front_matter_twice(place.source, whole, name))
    elif name == "format" and value not in FORMATS:
        matter.found.append(say.unknown_format(place.source, place.span(*at), value))
    matter.settings.setdefault(name, value)
    if name != "format":
        matter.parts.setdefault(name, at)
