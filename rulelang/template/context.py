"""One rendering of a template: what names mean, what may be written, and how much work is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from liquid import BoundTemplate, Environment, RenderContext
from liquid.token import Token

from rulelang.calendar import zone
from rulelang.template.escape import escape, text_of
from rulelang.template.filters import FILTERS, FilterDef, Setting, size
from rulelang.template.limits import MAX_LOCALS, MAX_NAMES, MAX_OUTPUT, MAX_STEPS
from rulelang.template.model import Sink, TemplateError
from rulelang.template.scope import PEOPLE

_URL_HOST = re.compile(r"https?://[^/?#\\@\s]+[/?#]", re.IGNORECASE)


class Page(StringIO):
    """Where output goes: bounded, and with the sink that values are escaped for."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(newline="")
        self.sink = sink
        self._size = 0

    def write(self, text: str) -> int:
        """Add text as it is."""
        self._size += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if self._size > MAX_OUTPUT:
            raise TemplateError(f"the message is larger than {MAX_OUTPUT // 1024} KiB")
        return super().write(text)

    def write_value(self, value: object) -> int:
        """Add a value, escaped for the sink."""
        if self.sink is Sink.URL and not _URL_HOST.match(self.getvalue()):
            raise TemplateError("the host of an address must be written out, without braces")
        return self.write(escape(text_of(value), self.sink))


class Context(RenderContext):
    """One rendering: what names mean, how much work is left, and how far in the text it is (`at`)."""

    __slots__ = ("at", "loop_names", "setting", "steps")

    def __init__(self, environment: Environment, scope: Mapping[str, Any]) -> None:
        super().__init__(BoundTemplate(environment, []), globals=scope)
        self.at = 0
        self.steps = MAX_STEPS
        self.loop_names: list[dict[str, object]] = []
        workspace = scope.get("workspace") or {}
        self.setting = Setting(_zone_of(scope), text_of(workspace.get("currency")))

    def charge(self, steps: int) -> None:
        """Count work.

        Raises:
            TemplateError: there was too much.
        """
        self.steps -= steps
        if self.steps < 0:
            raise TemplateError(f"the template takes more than {MAX_STEPS} steps")

    def get(self, path: list[object], *, token: Token | None, default: object = None) -> object:
        """What a path leads to: a plain value, None when something on the way is missing.

        Raises:
            TemplateError: the first name is neither in scope nor assigned.
        """
        self._visit(token)
        root, *segments = path
        value = self._root(root)
        for segment in segments:
            value = self._step(value, segment)
        return value

    def _visit(self, token: Token | None) -> None:
        self.charge(1)
        if token is not None:
            self.at = token.start_index

    def _root(self, name: object) -> object:
        for names in (*reversed(self.loop_names), self.locals, self.globals):
            if name in names and name != PEOPLE:
                return names[str(name)]
        raise TemplateError(f"there is nothing called `{str(name)[:40]}`")

    def _step(self, value: object, segment: object) -> object:
        match value, segment:
            case dict(), str() if segment in value:
                return value[segment]
            case list(), int():
                return value[segment] if -len(value) <= segment < len(value) else None
            case list(), "first":
                return value[0] if value else None
            case list(), "last":
                return value[-1] if value else None
            case ((list() | str()), "size"):
                return size(value)
            case str(), ("name" | "email"):
                return self._person(value).get(segment)
            case _:
                return None

    def _person(self, email: str) -> Mapping[str, object]:
        people: Any = self.globals.get(PEOPLE) or {}
        found: Mapping[str, object] = people.get(email.lower(), {"email": email})
        return found

    def assign(self, key: str, val: Any) -> None:
        """Give a name to a value.

        Raises:
            TemplateError: there are too many names, or their values are too large together.
        """
        self.locals[str(key)] = val
        weight = sum(size(value) for value in self.locals.values())
        if len(self.locals) > MAX_NAMES or weight > MAX_LOCALS:
            raise TemplateError("the template keeps too much with `assign`")

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """The filter with this name, bound to this rendering."""
        self._visit(token)
        definition = FILTERS[name]

        def apply(value: object, *args: object) -> object:
            self.charge(definition.work * (2 + size(value) // 128))
            result = _apply(definition, self.setting, value, args)
            self.charge(definition.work * (size(result) // 128))
            if size(result) > MAX_OUTPUT:
                raise TemplateError(f"a text grows beyond {MAX_OUTPUT // 1024} KiB")
            return result

        return apply


def _apply(definition: FilterDef, setting: Setting, value: object, args: Sequence[object]) -> object:
    if definition.needs_setting:
        return definition.function(value, *args, setting=setting)
    return definition.function(value, *args)


def _zone_of(scope: Mapping[str, Any]) -> ZoneInfo:
    places = (scope.get(name) for name in ("contact", "account", "workspace"))
    found = (zone(place.get("time_zone")) for place in places if isinstance(place, dict))
    return next(filter(None, found), None) or ZoneInfo("UTC")
